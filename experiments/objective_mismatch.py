# SPDX-License-Identifier: Apache-2.0
r"""Measures the objective mismatch, the reason for learning update rules.

python -m experiments.objective_mismatch --plot=mismatch.png
python -m experiments.objective_mismatch --dataset=cifar10 --image_size=16 \
  --tasks=tiny_imagenet32 --data_dir=... --results=mismatch.json

--sweep is a list of

training: loss on held-out examples and few-shot accuracy of a variational
autoencoder after every epoch. The loss can improve while the accuracy falls.

permutation: accuracy on inputs in stored and permuted orders of prototypical
networks, which learn features from the tasks of --tasks, and of the rules of
--rule, which learn features from the inputs.

The default is both (Metz et al. 2019, section 5.1). The script ends with a
table of each. The files of --results and --plot are written after every epoch
and method. Ctrl-C ends the script after the current epoch or method, with the
tables of the finished ones.
"""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script, sweep_flags, task_flags
from experiments.common.evaluation_setup import progress_report
from experiments.common.results import check_writable, write_results
from experiments.comparison import flags as comparison_flags
from experiments.comparison.data import load_sampler
from experiments.mismatch.measures import (
  Subject,
  follow_training,
  score_networks,
  score_tasks_baseline,
)
from experiments.mismatch.plot import plot_mismatch
from experiments.mismatch.report import Mismatch, as_json, as_text
from lurl_tf import baselines
from lurl_tf.baselines import TaskBaseline
from lurl_tf.baselines.networks.autoencoder import Autoencoder
from lurl_tf.evaluation import RANDOM_INIT, Report
from lurl_tf.evaluation.comparison import ComparedRule
from lurl_tf.meta.runs.interruption import Interruption
from lurl_tf.tasks import TaskSampler

TRAINING, PERMUTATION = "training", "permutation"
_AUTOENCODER, _PROTOTYPES = "vae", ("protonets", "protonets_permuted")

_EPOCHS = flags.DEFINE_integer(
  "epochs",
  40,
  "Sweep training: epochs of the autoencoder, of at least 150 steps.",
  lower_bound=1,
)
_VAE_LEARNING_RATE = flags.DEFINE_float(
  "vae_learning_rate",
  None,
  "Sweep training: learning rate of Adam. Default: that of the baseline vae.",
)
for _module in (shared_flags, rule_flags, sweep_flags, comparison_flags):
  flags.adopt_module_key_flags(_module)
flags.declare_key_flag("tasks")


def measure(
  mismatch: Mismatch,
  subject: Subject,
  autoencoder: Autoencoder | None,
  rules: Mapping[str, ComparedRule],
  prototypes: Mapping[str, TaskBaseline],
  sampler: TaskSampler | None,
  report: Report,
) -> Iterator[None]:
  """Measures one method or epoch after the other.

  Args:
    mismatch: Measurements, to which the new ones are added.
    subject: Data and settings.
    autoencoder: Autoencoder of the sweep training; None to skip the sweep.
    rules: Rules of the sweep permutation, by method.
    prototypes: Baselines of the sweep permutation, by method.
    sampler: Sampler of the tasks for `prototypes`.
    report: Callback for progress.

  Yields:
    None, after every measurement.
  """
  mismatch.methods.append(
    score_networks(
      RANDOM_INIT, lambda comparison: comparison.random_init(), subject, report
    )
  )
  for method, baseline in prototypes.items():
    mismatch.methods.append(
      score_tasks_baseline(method, baseline, sampler, subject, report)
    )
    yield
  for method, rule in rules.items():
    mismatch.methods.append(
      score_networks(
        method,
        lambda comparison, method=method, rule=rule: comparison.rule(
          method, rule
        ),
        subject,
        report,
      )
    )
    yield
  if autoencoder is not None:
    for epoch in follow_training(_AUTOENCODER, autoencoder, subject, report):
      mismatch.epochs.append(epoch)
      yield


def check_sweeps(sweeps: Sequence[str]) -> None:
  """Checks the names of sweeps.

  Args:
    sweeps: Names given with `--sweep`.

  Raises:
    ValueError: if a name is unknown.
  """
  known = (TRAINING, PERMUTATION)
  for name in sweeps:
    if name not in known:
      near = difflib.get_close_matches(name, known)
      raise ValueError(
        f"Sweeps must be some of {', '.join(known)}. Received: --sweep={name}. "
        f"Near names: {', '.join(near) or 'none'}"
      )


def _autoencoder_from_flags(units, activation) -> Autoencoder:
  named = baselines.get([_AUTOENCODER], units, activation)[_AUTOENCODER]
  rate = _VAE_LEARNING_RATE.value
  return dataclasses.replace(
    named,
    epochs=_EPOCHS.value,
    learning_rate=named.learning_rate if rate is None else rate,
  )


def _rules_from_flags() -> dict[str, ComparedRule]:
  choices = rule_flags.choices_from_flags()
  configs = comparison_flags.configs_from_flags(choices)
  return {
    choice.name: ComparedRule(choice.rule, config)
    for choice, config in zip(choices, configs)
  }


def main() -> None:
  """Runs the script with the parsed flags."""
  results, plot = shared_flags.RESULTS.value, sweep_flags.PLOT.value
  report, autoencoder, prototypes, sampler = progress_report(), None, {}, None
  with script.errors_in_one_line():
    for path in filter(None, (results, plot)):
      check_writable(path)
    sweeps = sweep_flags.SWEEP.value or (TRAINING, PERMUTATION)
    check_sweeps(sweeps)
    rules = _rules_from_flags()
    config = next(iter(rules.values())).config
    subject = Subject(*comparison_flags.splits_from_flags(), config)
    subject.comparison(report).check_rules(rules)
    if TRAINING in sweeps:
      autoencoder = _autoencoder_from_flags(config.units, config.activation)
    if PERMUTATION in sweeps:
      prototypes = baselines.get(_PROTOTYPES, config.units, config.activation)
      sampler = load_sampler(
        task_flags.TASKS.value,
        "meta_train",
        subject.train.image_shape,
        config.units,
        shared_flags.DATA_DIR.value,
        shared_flags.SEED.value,
      )
    else:
      rules = {}
  mismatch = Mismatch(rule_flags.DATASET.value, task_flags.TASKS.value, config)
  with Interruption() as interruption:
    for _ in measure(
      mismatch, subject, autoencoder, rules, prototypes, sampler, report
    ):
      if results:
        write_results(results, as_json(mismatch))
      if plot:
        plot_mismatch(plot, mismatch)
      if interruption.requested:
        break
  print(f"\n{as_text(mismatch)}", flush=True)
  written = " and ".join(filter(None, (results, plot)))
  if written:
    print(f"\nResults are in {written}")


if __name__ == "__main__":
  script.run(main)
