# SPDX-License-Identifier: Apache-2.0
r"""Compares rules and baselines on the same draws of a data set.

python -m experiments.compare --rule=runs/mine --dataset=lurl_digits \
  --examples_per_class=1,10 --results=comparison.json

Every method is scored with several read-outs, on its last layer and on all
layers side by side. With --results=path.json, a picture is written to path.png.
Ctrl-C ends the script after the current method, with the table so far.
"""

import os
from collections.abc import Mapping, Sequence

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script, task_flags
from experiments.common.evaluation_setup import progress_report
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice
from experiments.comparison import flags as comparison_flags
from experiments.comparison.data import Tasks, load_tasks
from experiments.comparison.plot import plot_comparison
from experiments.comparison.report import as_json, as_text
from lurl_tf import baselines as baseline_package
from lurl_tf.baselines import AnyBaseline, TaskBaseline
from lurl_tf.evaluation import (
  RANDOM_INIT,
  ComparedRule,
  Comparison,
  EvaluationConfig,
  Report,
  Score,
)
from lurl_tf.meta.runs.interruption import Interruption

DEFAULT_EXAMPLES_PER_CLASS = (1, 3, 10, 50)

_BASELINES = flags.DEFINE_list(
  "baselines",
  None,
  "Comma-separated names of baselines: "
  f"{', '.join(baseline_package.NAMED)}. Default: all.",
)
_TUNE = flags.DEFINE_bool(
  "tune",
  False,
  "Whether the options of baselines are chosen on the held-out tasks of "
  "--tasks, from at most 20 candidates each.",
)
for _module in (shared_flags, rule_flags, comparison_flags):
  flags.adopt_module_key_flags(_module)
flags.declare_key_flag("tasks")


def tune_options(
  baselines: Mapping[str, AnyBaseline],
  tasks: Tasks,
  unlabelled: int,
  report: Report,
) -> dict[str, AnyBaseline]:
  """Chooses the options of baselines on held-out tasks.

  Args:
    baselines: Baselines by name.
    tasks: Tasks that options are chosen on.
    unlabelled: Unlabelled examples of the data set to be compared on.
    report: Callable that reports progress.

  Returns:
    The best candidate of every baseline, by name.
  """
  held_out = baseline_package.validation_tasks(
    tasks.meta_validation, unlabelled=unlabelled
  )
  tuned = {}
  for name, baseline in baselines.items():
    best, *_ = baseline_package.tune(
      baseline,
      held_out,
      tasks.meta_train,
      lambda done, total, name=name: report(name, "trial", done, total),
    )
    tuned[name] = best.baseline
  return tuned


def rules_to_compare(
  choices: Sequence[RuleChoice], configs: Sequence[EvaluationConfig]
) -> dict[str, ComparedRule]:
  """Returns the chosen rules, and an untrained twin of every learned rule.

  Args:
    choices: Choices of `choose_rule`.
    configs: Inner training of each choice.

  Returns:
    Rules by method; the first is that of the first choice.
  """
  rules = {}
  for choice, config in zip(choices, configs):
    own = choice.learned or choice.hand_designed
    if own is not None:
      rules[choice.name] = ComparedRule(own, config)
    if choice.untrained is not None:
      name = "untrained" if own is None else f"{choice.name}_untrained"
      rules[name] = ComparedRule(choice.untrained, config)
  return rules


def _needs_tasks(baselines: Mapping[str, AnyBaseline]) -> bool:
  return any(isinstance(each, TaskBaseline) for each in baselines.values())


def main() -> None:
  """Runs the script with the parsed flags."""
  results, seed = shared_flags.RESULTS.value, shared_flags.SEED.value
  picture = results and f"{os.path.splitext(results)[0]}.png"
  report = progress_report()
  with script.errors_in_one_line():
    for path in (results, picture):
      if path:
        check_writable(path)
    choices = rule_flags.choices_from_flags()
    configs = comparison_flags.configs_from_flags(
      choices, examples_per_class=EvaluationConfig.examples_per_class
    )
    config = configs[0]
    baselines = baseline_package.get(
      _BASELINES.value, config.units, config.activation
    )
    train, test = comparison_flags.splits_from_flags()
    comparison = Comparison(
      train,
      test,
      config,
      shared_flags.NUMBERS_OF_EXAMPLES.value or DEFAULT_EXAMPLES_PER_CLASS,
      report,
    )
    rules = rules_to_compare(choices, configs)
    comparison.check_rules(rules)
    tasks = None
    if _TUNE.value or _needs_tasks(baselines):
      tasks = load_tasks(
        task_flags.TASKS.value,
        train.image_shape,
        config.units,
        shared_flags.DATA_DIR.value,
        seed,
      )
  reference = next(iter(rules), RANDOM_INIT)
  dataset = rule_flags.DATASET.value
  scores: list[Score] = []
  with Interruption() as interruption:
    if _TUNE.value:
      baselines = tune_options(baselines, tasks, len(train.labels), report)
    methods = {**rules, RANDOM_INIT: None, **baselines}
    for method, subject in methods.items():
      scores += comparison.score(method, subject, tasks and tasks.meta_train)
      if results:
        options = {name: repr(each) for name, each in baselines.items()}
        write_results(
          results, as_json(scores, reference, dataset, config, options)
        )
        plot_comparison(picture, scores, reference, dataset)
      if interruption.requested:
        break
  print(f"\n{as_text(scores, reference, dataset, config)}", flush=True)
  if results:
    print(f"\nResults are in {results} and {picture}")


if __name__ == "__main__":
  script.run(main)
