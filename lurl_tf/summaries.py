# SPDX-License-Identifier: Apache-2.0
"""Curves and pictures for TensorBoard: all calls of `tf.summary` are here."""

import os
from collections.abc import Mapping

import numpy as np
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

  def image(self, step: int, name: str, pixels: np.ndarray) -> None:
    """Adds a picture.

    Args:
      step: place on the slider.
      name: of the picture, such as `"tasks/0"`.
      pixels: uint8 `[height, width, channels]`, of 1 or 3 channels.
    """
    with self._writer.as_default(step):
      tf.summary.image(name, pixels[np.newaxis])

  def flush(self) -> None:
    """Makes sure that all points are on disk."""
    self._writer.flush()
