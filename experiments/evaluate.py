# SPDX-License-Identifier: Apache-2.0
"""Scores a frozen rule on a data set, beside the methods it must beat.

python -m experiments.evaluate --rule=my_run --dataset=lurl_digits
python -m experiments.evaluate --rule=soft_winner_take_all --dataset=mnist
"""

from collections.abc import Sequence

from absl import app, flags, logging

from experiments.common import flags as shared_flags
from experiments.common import rule_flags
from experiments.common.data import load_splits
from experiments.common.evaluation_setup import progress_report
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice, choose_rule
from experiments.evaluation.report import as_json, as_text
from lurl_tf.evaluation import (
  LEARNED_RULE,
  UNTRAINED_RULE,
  EvaluationResult,
  check_evaluation,
  evaluate,
)
from lurl_tf.rule.inner_step import Rule

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


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results = shared_flags.RESULTS.value
  try:
    if results:
      check_writable(results)
    train, test = load_splits(
      rule_flags.DATASET.value, shared_flags.IMAGE_SIZE.value
    )
    choice = choose_rule(rule_flags.RULE.value, shared_flags.SEED.value)
    config = rule_flags.config_from_flags(choice)
    rules = rules_to_evaluate(choice)
    check_evaluation(train, test, rules, config)
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  result = evaluate(train, test, rules, config, progress_report())
  show(result, rule_flags.DATASET.value, choice.name, results)


if __name__ == "__main__":
  app.run(main)
