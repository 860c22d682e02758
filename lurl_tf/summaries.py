# SPDX-License-Identifier: Apache-2.0
"""Numbers for TensorBoard: the only place that calls `tf.summary`."""

import os
from collections.abc import Mapping

import tensorflow as tf


class SummaryWriter:
  """Writes event files that TensorBoard reads.

  Args:
    logdir: the folder of the event files.
  """

  def __init__(self, logdir: str | os.PathLike[str]):
    self._writer = tf.summary.create_file_writer(os.fspath(logdir))

  def scalars(self, step: int, values: Mapping[str, float]) -> None:
    """Adds a point to each of several curves.

    Args:
      step: place on the horizontal axis.
      values: name of a curve, such as `"meta/loss"`, to its value.
    """
    with self._writer.as_default(step):
      for name, value in values.items():
        tf.summary.scalar(name, value)

  def flush(self) -> None:
    """Makes sure that all points are on disk."""
    self._writer.flush()
