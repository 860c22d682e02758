# SPDX-License-Identifier: Apache-2.0
"""Flags of the scripts that vary something and draw what comes of it.

They are used as those of `experiments.common.flags`.
"""

from absl import flags

SWEEP = flags.DEFINE_list(
  "sweep",
  None,
  "What is varied; the beginning of the script's file lists what there is.",
)
PLOT = flags.DEFINE_string("plot", None, "PNG file of the picture.")
