# SPDX-License-Identifier: Apache-2.0
"""Options of XLA for scripts that meta-train on CPUs."""

import os

import tensorflow as tf

# `tree_reduction_rewriter` splits sums of more than 32 numbers into trees of
# sums, which take longer to compile and to run. LLVM's level 3 compiles longer
# than level 2, and its code is no faster. docs/log/speed.md has the numbers.
_OPTIONS = {
  "xla_disable_hlo_passes": "tree_reduction_rewriter",
  "xla_backend_optimization_level": "2",
}


def compile_less() -> None:
  """Shortens compilation with XLA, for programs that run as fast.

  XLA reads its options from the environment variable `XLA_FLAGS` once in a
  process. Only a script may set them, before its first computation. Options
  that the user set in `XLA_FLAGS` are kept. Nothing is changed if `XLA_FLAGS`
  names a file, or if the machine has a GPU, where the effect was not measured.
  Results differ by rounding.
  """
  given = os.environ.get("XLA_FLAGS", "")
  in_a_file = given and not given.startswith("-")
  if in_a_file or tf.config.list_physical_devices("GPU"):
    return
  added = [
    f"--{name}={value}" for name, value in _OPTIONS.items() if name not in given
  ]
  os.environ["XLA_FLAGS"] = " ".join([given, *added]).strip()
