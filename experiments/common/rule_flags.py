# SPDX-License-Identifier: Apache-2.0
"""Flags of the scripts that apply a rule to a data set.

They are used as those of `experiments.common.flags`.
"""

from typing import Any

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common.evaluation_setup import make_config
from experiments.common.int_list_flag import define_int_list
from experiments.common.rule_choice import RuleChoice, choose_rule
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.rule import HAND_DESIGNED

RULE = flags.DEFINE_string(
  "rule",
  None,
  "A shipped preset, a preset folder, a log folder, `untrained`, or a "
  f"hand-designed rule: {', '.join(HAND_DESIGNED)}. Scripts that compare rules "
  "take several, separated by commas. Default: the default preset.",
)
INNER_LEARNING_RATE = flags.DEFINE_float(
  "inner_learning_rate",
  None,
  "Constant learning rate of the inner steps. Default: the rule's own.",
)
DATASET = flags.DEFINE_string(
  "dataset",
  "lurl_digits",
  "Classification data set of images or texts: a name of tensorflow-datasets, "
  "or your own files: folder:/path (a folder of images per class), npz:/path "
  "(arrays x and y), jsonl:/path (lines with text and label).",
)
CHANNELS = flags.DEFINE_integer(
  "channels",
  1,
  "Channels of images: 1 for gray, 3 for red, green and blue.",
)
RESIZE = flags.DEFINE_enum(
  "resize",
  "area",
  ["area", "stride"],
  "Method of resizing images: means over areas, or every second, third, ... "
  "row and column.",
)
INNER_STEPS = define_int_list(
  "inner_steps",
  None,
  "Numbers of inner steps after which features are scored, such as 50,100. "
  "Default: the rule's own.",
  minimum=0,
)
EPISODES = flags.DEFINE_integer(
  "episodes",
  20,
  "Initial weights times label draws. From 20 on there are at least 5 initial "
  "weights and 4 label draws (4 draws if that divides the episodes, else 5 or "
  "6, else the episodes are rounded up to a multiple of 4).",
  lower_bound=1,
)
LABEL_DRAWS = flags.DEFINE_integer(
  "label_draws",
  None,
  "Number of label draws per set of initial weights; must divide --episodes. "
  "Default: see --episodes.",
  lower_bound=1,
)


def choices_from_flags() -> list[RuleChoice]:
  """Returns the rules of `--rule`, for scripts that take several.

  Without the flag, this is the default preset.

  Raises:
    FileNotFoundError: If a rule does not exist.
    LookupError: If no rule is given and no preset is shipped.
    ValueError: If a name is empty, or a rule is damaged.
  """
  names = [None] if RULE.value is None else RULE.value.split(",")
  if "" in names:
    raise ValueError(
      "Expected names of rules, separated by single commas. "
      f"Received: rule={RULE.value!r}"
    )
  return [choose_rule(name, shared_flags.SEED.value) for name in names]


def refuse_flags(*ignored: flags.FlagHolder) -> None:
  """Raises an error if a flag is given that the script does not use.

  Args:
    *ignored: Flags that the script does not use.

  Raises:
    ValueError: If one of them is given.
  """
  for flag in ignored:
    if flag.present:
      raise ValueError(
        f"This script takes no --{flag.name}. "
        f"Received: --{flag.name}={flag.value}"
      )


def config_from_flags(choice: RuleChoice, **asked: Any) -> EvaluationConfig:
  """Returns the evaluation that the flags ask for.

  Without a flag, the value is taken from the metadata of the rule.

  Args:
    choice: The rule.
    **asked: Arguments of `make_config` that replace those from flags.

  Raises:
    ValueError: If a value is out of range.
  """
  if "examples_per_class" not in asked:
    asked["examples_per_class"] = (
      shared_flags.EXAMPLES_PER_CLASS.value
      or EvaluationConfig.examples_per_class
    )
  from_flags = {
    "inner_steps": INNER_STEPS.value,
    "episodes": EPISODES.value,
    "label_draws": LABEL_DRAWS.value,
    "units": shared_flags.UNITS.value,
    "activation": shared_flags.ACTIVATION.value,
    "batch_size": shared_flags.BATCH_SIZE.value,
    "seed": shared_flags.SEED.value,
    "inner_learning_rate": INNER_LEARNING_RATE.value,
  }
  return make_config(choice, **{**from_flags, **asked})
