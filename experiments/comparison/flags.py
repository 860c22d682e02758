# SPDX-License-Identifier: Apache-2.0
"""Rules and data of scripts with baselines, as the flags ask.

The flags are used as those of `experiments.common.flags`.
"""

from collections.abc import Sequence
from typing import Any

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags
from experiments.common.data import load_splits
from experiments.common.rule_choice import RuleChoice
from experiments.comparison.data import subset
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.structures import LabelledExamples

TRAIN_EXAMPLES = flags.DEFINE_integer(
  "train_examples",
  None,
  "Number of examples of the training split that are used, drawn at random. "
  "Default: all.",
  lower_bound=1,
)


def configs_from_flags(
  choices: Sequence[RuleChoice], **asked: Any
) -> list[EvaluationConfig]:
  """Returns each rule's inner training of the first rule's base network.

  Args:
    choices: The rules.
    **asked: Arguments of `make_config` that replace those from flags.

  Raises:
    ValueError: If a number is out of range.
  """
  if len(rule_flags.INNER_STEPS.value or ()) > 1:
    raise ValueError(
      "This script takes a single number of inner steps. Received: "
      f"--inner_steps={','.join(map(str, rule_flags.INNER_STEPS.value))}"
    )
  first = choices[0].metadata
  return [
    rule_flags.config_from_flags(
      choice,
      units=shared_flags.UNITS.value or first.units,
      activation=shared_flags.ACTIVATION.value or first.activation,
      **asked,
    )
    for choice in choices
  ]


def splits_from_flags() -> tuple[LabelledExamples, LabelledExamples]:
  """Loads the training and the test split of `--dataset`.

  Raises:
    OSError: If a file cannot be read.
    ValueError: If the data set does not exist, or has too few examples.
  """
  train, test = load_splits(
    rule_flags.DATASET.value, shared_flags.IMAGE_SIZE.value
  )
  if TRAIN_EXAMPLES.value is not None:
    train = subset(train, TRAIN_EXAMPLES.value, shared_flags.SEED.value)
  return train, test
