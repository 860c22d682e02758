# SPDX-License-Identifier: Apache-2.0
"""Flags of the scripts that vary one property at a time, or draw a picture."""

from absl import flags

SWEEP = flags.DEFINE_list(
  "sweep", None, "Names of the sweeps; `--help` lists those of the script."
)
PLOT = flags.DEFINE_string("plot", None, "PNG file of the picture.")
