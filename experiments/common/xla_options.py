# SPDX-License-Identifier: Apache-2.0
"""XLA's own options, for scripts that meta-train on processors."""

import os

import tensorflow as tf

# Sums of more than 32 numbers need not become trees of sums: two parts of a
# program, to compile and to run, in place of one. LLVM's third level takes
# longer, and its code is no faster. docs/speed_log.md has the figures.
_OPTIONS = {
  "xla_disable_hlo_passes": "tree_reduction_rewriter",
  "xla_backend_optimization_level": "2",
}


def compile_less() -> None:
  """Has XLA do less while it compiles, for programs that run as fast.

  XLA reads its options from the environment, once in a process: only a script
  may choose them, before it computes anything. What the environment's
  `XLA_FLAGS` already choose is left as it is; so is all where they name a file,
  and where there is a GPU, for which nobody has measured it. Numbers differ by
  rounding.
  """
  given = os.environ.get("XLA_FLAGS", "")
  in_a_file = given and not given.startswith("-")
  if in_a_file or tf.config.list_physical_devices("GPU"):
    return
  added = [
    f"--{name}={value}" for name, value in _OPTIONS.items() if name not in given
  ]
  os.environ["XLA_FLAGS"] = " ".join([given, *added]).strip()
