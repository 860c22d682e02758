# SPDX-License-Identifier: Apache-2.0
"""Graphs that TensorFlow does not rewrite, for repeatable numbers."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

_OPTION = "disable_meta_optimizer"


@contextlib.contextmanager
def plain_graphs() -> Iterator[None]:
  """Context that disables TensorFlow's graph optimizer for new functions.

  The optimizer rewrites sums of several tensors into sums in the order in which
  threads finish. They then round differently every time, even with
  `tf.config.experimental.enable_op_determinism`. XLA makes the same
  optimizations itself; without the graph optimizer it starts 1 to 6 s of 25 to
  48 s earlier (docs/log/speed.md).
  """
  before = tf.config.optimizer.get_experimental_options().get(_OPTION, False)
  tf.config.optimizer.set_experimental_options({_OPTION: True})
  try:
    yield
  finally:
    tf.config.optimizer.set_experimental_options({_OPTION: before})
