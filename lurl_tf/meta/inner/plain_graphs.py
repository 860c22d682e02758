# SPDX-License-Identifier: Apache-2.0
"""Graphs that run as they were written, and so the same way every time."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

_OPTION = "disable_meta_optimizer"


@contextlib.contextmanager
def plain_graphs() -> Iterator[None]:
  """Functions first called within it are left as they are by TensorFlow.

  Its graph optimizer would turn sums of several tensors into sums in the order
  in which threads come to them, which rounds differently every time, also with
  `tf.config.experimental.enable_op_determinism`. XLA does all that it does, so
  that it only delays XLA: 1 to 6 s of 25 to 48, docs/speed_log.md.
  """
  before = tf.config.optimizer.get_experimental_options().get(_OPTION, False)
  tf.config.optimizer.set_experimental_options({_OPTION: True})
  try:
    yield
  finally:
    tf.config.optimizer.set_experimental_options({_OPTION: before})
