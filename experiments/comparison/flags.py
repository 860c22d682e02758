# SPDX-License-Identifier: Apache-2.0
"""What scripts with baselines say of rules and data, beside `rule_flags`.

They are used as those of `experiments.common.flags`.
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
  "Examples of the training split that are used, drawn at random. Default: "
  "all.",
  lower_bound=1,
)


def configs_from_flags(
  choices: Sequence[RuleChoice], **asked: Any
) -> list[EvaluationConfig]:
  """Each rule's own inner training of the first rule's base network.

  Args:
    choices: the rules.
    **asked: arguments of `make_config` that are not up to the flags.

  Raises:
    ValueError: if a number is out of range.
  """
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
  """The training and the test split of `--dataset`, as the flags want them.

  Raises:
    OSError: if a file cannot be read.
    ValueError: if there is no such data set, or it has too few examples.
  """
  train, test = load_splits(
    rule_flags.DATASET.value, shared_flags.IMAGE_SIZE.value
  )
  if TRAIN_EXAMPLES.value is not None:
    train = subset(train, TRAIN_EXAMPLES.value, shared_flags.SEED.value)
  return train, test
