# SPDX-License-Identifier: Apache-2.0
"""Flags of the scripts that apply a rule to a data set.

They are used as those of `experiments.shared_flags`.
"""

from absl import flags

from experiments.int_list_flag import define_int_list
from lurl_tf.rule import HAND_DESIGNED

RULE = flags.DEFINE_string(
  "rule",
  None,
  "A shipped preset, a preset folder, a run's log folder, `untrained`, or a "
  f"rule designed by hand: {', '.join(HAND_DESIGNED)}. Scripts that compare "
  "rules take several, with commas between them. Default: the default preset.",
)
INNER_LEARNING_RATE = flags.DEFINE_float(
  "inner_learning_rate",
  None,
  "Constant learning rate of the inner steps. Default: the rule's own.",
)
DATASET = flags.DEFINE_string(
  "dataset",
  "lurl_digits",
  "A classification set of images or texts, as tensorflow-datasets names it, "
  "or files of your own: folder:/path (images in a folder per class), "
  "npz:/path (arrays x and y), jsonl:/path (lines with text and label).",
)
CHANNELS = flags.DEFINE_integer(
  "channels",
  1,
  "Channels of images: 1 turns them gray, 3 takes red, green and blue.",
)
RESIZE = flags.DEFINE_enum(
  "resize",
  "area",
  ["area", "stride"],
  "How images are resized: by averages over areas, or by keeping every second, "
  "third, ... row and column.",
)
INNER_STEPS = define_int_list(
  "inner_steps",
  None,
  "Numbers of inner steps after which features are looked at, such as 50,100. "
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
