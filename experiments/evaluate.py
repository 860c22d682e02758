# SPDX-License-Identifier: Apache-2.0
"""Scores a frozen rule on a data set, beside the methods it must beat.

python -m experiments.evaluate --rule=my_run --dataset=lurl_digits
python -m experiments.evaluate --rule=soft_winner_take_all --dataset=mnist

With --watch it follows a meta-training run, and scores its checkpoints:

python -m experiments.evaluate --watch=my_run --suite=lurl_digits
"""

from collections.abc import Sequence

from absl import app, flags, logging

from experiments.common import flags as shared_flags
from experiments.common import rule_flags
from experiments.common.evaluation_setup import progress_report
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice, choose_rule
from experiments.evaluation.follow_run import Follower, SuiteEntry
from experiments.evaluation.report import as_json, as_text
from experiments.training.meta_training_run import rule_metadata
from lurl_tf.evaluation import (
  LEARNED_RULE,
  UNTRAINED_RULE,
  EvaluationResult,
  check_evaluation,
  evaluate,
)
from lurl_tf.meta import VALIDATION_SEED, Validation
from lurl_tf.meta.runs.description import read_description
from lurl_tf.rule.inner_step import Rule
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import load_examples, load_samplers

_WATCH = flags.DEFINE_string(
  "watch",
  None,
  "Log folder of a meta-training run, whose checkpoints are scored as they "
  "appear, in place of one rule.",
)
_SUITE = flags.DEFINE_list(
  "suite",
  ["lurl_digits"],
  "With --watch: data sets to report on, beside the run's held-out tasks, by "
  "which the best rule is kept.",
)
_WATCH_TIMEOUT = flags.DEFINE_float(
  "watch_timeout",
  0.0,
  "With --watch: seconds without a new checkpoint after which it ends; 0: "
  "never.",
  lower_bound=0.0,
)
flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rule_flags)


def rules_to_evaluate(choice: RuleChoice) -> dict[str, Rule]:
  """The untrained rule, and the learned one if there is one.

  Args:
    choice: of `choose_rule`.

  Returns:
    Rules by method; one designed by hand under its own name.
  """
  if choice.hand_designed is not None:
    return {choice.name: choice.hand_designed}
  rules = {UNTRAINED_RULE: choice.untrained}
  if choice.learned is not None:
    rules[LEARNED_RULE] = choice.learned
  return rules


def show(
  result: EvaluationResult, dataset: str, rule: str, results: str | None
) -> None:
  """Prints the tables, and writes the JSON file if a path is given."""
  print(f"\n{as_text(result, dataset, rule)}", flush=True)
  if results:
    write_results(results, as_json(result, dataset, rule))
    print(f"\nResults are in {results}")


def _splits(
  name: str, image_size: int | None = None
) -> tuple[LabelledExamples, LabelledExamples]:
  """Training and test split of a data set, as the flags want it."""
  return tuple(
    load_examples(
      name,
      split,
      shared_flags.DATA_DIR.value,
      shared_flags.IMAGE_SIZE.value or image_size,
      rule_flags.CHANNELS.value,
      rule_flags.RESIZE.value,
    )
    for split in ("train", "test")
  )


def _follower_from_flags() -> Follower:
  """What follows the run of `--watch`; everything is checked here."""
  if shared_flags.RESULTS.value:
    raise ValueError(
      "--watch writes its results below the run's folder; --results is of one "
      f"evaluation. Received: --results={shared_flags.RESULTS.value}"
    )
  description = read_description(_WATCH.value)
  config = description.config
  held_out = load_samplers(
    config.tasks,
    "meta_validation",
    shared_flags.DATA_DIR.value,
    VALIDATION_SEED,
  )
  metadata = rule_metadata(config, held_out[0], description.tasks)
  suite = [
    SuiteEntry(name, *_splits(name, metadata.image_size))
    for name in _SUITE.value
  ]
  return Follower(
    _WATCH.value,
    description,
    metadata,
    Validation(held_out, config),
    suite,
    rule_flags.config_from_flags,
  )


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results = shared_flags.RESULTS.value
  try:
    if results:
      check_writable(results)
    follower = _follower_from_flags() if _WATCH.value else None
    if follower is None:
      train, test = _splits(rule_flags.DATASET.value)
      choice = choose_rule(rule_flags.RULE.value, shared_flags.SEED.value)
      config = rule_flags.config_from_flags(choice)
      rules = rules_to_evaluate(choice)
      check_evaluation(train, test, rules, config)
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  if follower is not None:
    print(f"Following {_WATCH.value}; Ctrl-C ends it.", flush=True)
    follower.follow(_WATCH_TIMEOUT.value)
    return
  result = evaluate(train, test, rules, config, progress_report())
  show(result, rule_flags.DATASET.value, choice.name, results)


if __name__ == "__main__":
  app.run(main)
