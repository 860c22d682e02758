# SPDX-License-Identifier: Apache-2.0
"""Scores a frozen rule on a data set, beside the methods that it must beat.

python -m experiments.evaluate --rule=my_run --dataset=lurl_digits
python -m experiments.evaluate --rule=soft_winner_take_all --dataset=mnist
"""

from typing import Any

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script
from experiments.common.data import load_splits
from experiments.common.evaluation_setup import progress_report
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice, choose_rule
from experiments.evaluation.report import as_json, as_text
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  check_evaluation,
  compare,
)

flags.adopt_module_key_flags(shared_flags)
flags.adopt_module_key_flags(rule_flags)


def methods_to_evaluate(choice: RuleChoice) -> dict[str, Any]:
  """Returns the rules of a choice, and the methods that they must beat.

  Args:
    choice: Choice of `choose_rule`.

  Returns:
    Methods by name, for `lurl_tf.evaluation.compare`: raw inputs, random
    initial features, and the rules. A hand-designed rule keeps its name.
  """
  methods = {RAW_INPUTS: RAW_INPUTS, RANDOM_INIT: RANDOM_INIT}
  if choice.hand_designed is not None:
    return {**methods, choice.name: choice.hand_designed}
  methods[UNTRAINED_RULE] = choice.untrained
  if choice.learned is not None:
    methods[LEARNED_RULE] = choice.learned
  return methods


def main() -> None:
  """Runs the script with the parsed flags."""
  results, dataset = shared_flags.RESULTS.value, rule_flags.DATASET.value
  with script.errors_in_one_line():
    if results:
      check_writable(results)
    data = load_splits(dataset, shared_flags.IMAGE_SIZE.value)
    choice = choose_rule(rule_flags.RULE.value, shared_flags.SEED.value)
    config = rule_flags.config_from_flags(choice)
    check_evaluation(*data, {choice.name: choice.rule}, config)
  methods = methods_to_evaluate(choice)
  result = compare(methods, data, config, report=progress_report())
  print(f"\n{as_text(result, dataset, choice.name)}", flush=True)
  if results:
    write_results(results, as_json(result, dataset, choice.name))
    print(f"\nResults are in {results}")


if __name__ == "__main__":
  script.run(main)
