# SPDX-License-Identifier: Apache-2.0
"""Inspects a frozen rule: the weights and features that it learns.

python -m experiments.inspect_rule --output_dir=inspect
python -m experiments.inspect_rule --rule=early,late --output_dir=inspect \
  --dataset=mnist,cifar10 --inner_steps=1000,10000 --data_dir=...

--rule and --dataset take several names, separated by commas. On every data set,
and on lurl_two_moons, each rule trains one base network with the sizes of its
meta-training. All rules start from the same weights and see the same batches.

Pictures in --output_dir: receptive fields of the first layer during the inner
training; features of test examples on three principal components, before and
after the rule's number of inner steps; the variance that the components
explain; and the coefficients of the terms of the weight change. --results has
the numbers.
"""

import os

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script
from experiments.common.data import image_size_for, load_splits
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice
from experiments.inspection.findings import Subject, inspect, snapshot_steps
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.report import as_json, as_text, draw
from lurl_tf.evaluation import check_evaluation

_OUTPUT_DIR = flags.DEFINE_string(
  "output_dir", "inspect_rule", "Folder of the pictures."
)
_TWO_MOONS = "lurl_two_moons"
# The script inspects one base network, and computes no accuracy.
for _name in (
  *("rule", "dataset", "data_dir", "image_size", "channels", "resize"),
  *("units", "activation", "batch_size", "inner_steps", "inner_learning_rate"),
  *("seed", "results"),
):
  flags.declare_key_flag(_name)


def _subject_from_flags(choice: RuleChoice, dataset: str) -> Subject:
  train, test = load_splits(
    dataset, image_size_for(dataset, choice.metadata.image_size)
  )
  config = rule_flags.config_from_flags(
    choice,
    examples_per_class=1,
    inner_steps=snapshot_steps(
      choice.metadata.inner_steps, rule_flags.INNER_STEPS.value
    ),
    episodes=1,
  )
  check_evaluation(train, test, {choice.name: choice.rule}, config)
  return Subject(choice.name, choice.rule, dataset, train, test, config)


def main() -> None:
  """Runs the script with the parsed flags."""
  results = shared_flags.RESULTS.value
  datasets = dict.fromkeys([*rule_flags.DATASET.value.split(","), _TWO_MOONS])
  with script.errors_in_one_line():
    if results:
      check_writable(results)
    check_writable(os.path.join(_OUTPUT_DIR.value, "mixture_weights.png"))
    choices = rule_flags.choices_from_flags()
    subjects = [
      _subject_from_flags(choice, dataset)
      for dataset in datasets
      for choice in choices
    ]
  findings = [inspect(subject) for subject in subjects]
  weights = {
    choice.name: mixture_weights(choice.learned or choice.untrained)
    for choice in choices
    if choice.hand_designed is None
  }
  if results:
    write_results(results, as_json(findings, weights))
  written = draw(_OUTPUT_DIR.value, findings, weights)
  print(f"\n{as_text(findings, weights)}")
  print(f"\nPictures in {_OUTPUT_DIR.value}: {', '.join(written)}")


if __name__ == "__main__":
  script.run(main)
