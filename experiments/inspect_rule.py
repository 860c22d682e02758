# SPDX-License-Identifier: Apache-2.0
"""Looks into a frozen rule: what it makes of weights, and of features.

python -m experiments.inspect_rule --output_dir=inspect
python -m experiments.inspect_rule --rule=early,late --output_dir=inspect \
  --dataset=mnist,cifar10 --inner_steps=1000,10000 --data_dir=...

Several rules and data sets stand with commas between them. On every data set,
and on lurl_two_moons, each rule trains one base network of the kind that it was
made for; all rules see the same initial weights and batches. Pictures in
--output_dir: first-layer receptive fields along the inner training, features of
test examples on three principal components before it and after the rule's own
number of inner steps, the variance that components explain, and the
coefficients of the terms of the weight change. --results holds the numbers.
"""

import os
from collections.abc import Sequence

from absl import app, flags, logging

from experiments.common import flags as shared_flags
from experiments.common import rule_flags
from experiments.common.results import check_writable, write_results
from experiments.common.rule_choice import RuleChoice
from experiments.inspection.findings import Subject, inspect, snapshot_steps
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.report import as_json, as_text, draw
from lurl_tf.evaluation import check_evaluation
from lurl_tf.tasks import holds_images, load_examples

_OUTPUT_DIR = flags.DEFINE_string(
  "output_dir", "inspect_rule", "Folder of the pictures."
)
_TWO_MOONS = "lurl_two_moons"
for _module in (shared_flags, rule_flags):
  flags.adopt_module_key_flags(_module)


def _subject_from_flags(choice: RuleChoice, dataset: str) -> Subject:
  data_dir, image_size = shared_flags.DATA_DIR.value, None
  if holds_images(dataset, data_dir):
    image_size = shared_flags.IMAGE_SIZE.value or choice.metadata.image_size
  train, test = (
    load_examples(
      dataset,
      split,
      data_dir,
      image_size,
      rule_flags.CHANNELS.value,
      rule_flags.RESIZE.value,
    )
    for split in ("train", "test")
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


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  results = shared_flags.RESULTS.value
  datasets = dict.fromkeys([*rule_flags.DATASET.value.split(","), _TWO_MOONS])
  try:
    # It looks at one training of the base network, and at no accuracy.
    rule_flags.refuse_flags(
      rule_flags.EPISODES,
      rule_flags.LABEL_DRAWS,
      shared_flags.NUMBERS_OF_EXAMPLES,
    )
    if results:
      check_writable(results)
    check_writable(os.path.join(_OUTPUT_DIR.value, "mixture_weights.png"))
    choices = rule_flags.choices_from_flags()
    subjects = [
      _subject_from_flags(choice, dataset)
      for dataset in datasets
      for choice in choices
    ]
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
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
  app.run(main)
