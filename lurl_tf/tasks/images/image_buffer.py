# SPDX-License-Identifier: Apache-2.0
"""Collects images in one array."""

import numpy as np

from lurl_tf.tasks.images.image_format import ImageFormat


class ImageBuffer:
  """An array that images are added to, as uint8 rows of one format.

  Args:
    count: number of images that will be added.
    image_format: what they are brought into.
  """

  def __init__(self, count: int, image_format: ImageFormat):
    self._count = count
    self._format = image_format
    self._inputs = None
    self._shape = None
    self._first_origin = None
    self._filled = 0

  def add(self, images: np.ndarray, origin: str) -> None:
    """Adds a batch.

    Args:
      images: `[b, height, width, c]`, 0 to 255.
      origin: where they come from, for the error message.

    Raises:
      ValueError: if they differ in size from those before, or cannot be
        resized.
    """
    try:
      images = self._format.apply(images)
    except ValueError as error:
      raise ValueError(f"{error} in {origin}") from error
    if self._inputs is None:
      self._shape = images.shape[1:]
      self._first_origin = origin
      self._inputs = np.empty((self._count, images[0].size), np.uint8)
    if images.shape[1:] != self._shape:
      raise ValueError(
        "`image_size` must be given, because the images differ in size. "
        f"Received: image_size=None, {_size(self._shape)} pixels in "
        f"{self._first_origin} and {_size(images.shape[1:])} in {origin}"
      )
    end = self._filled + len(images)
    self._inputs[self._filled : end] = images.reshape(len(images), -1)
    self._filled = end

  def result(self) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Inputs `[b, i]` and `(height, width, channels)`, once all are added."""
    if self._filled != self._count:
      raise ValueError(
        f"{self._count} images were to be added. Received: {self._filled}"
      )
    return self._inputs, self._shape


def _size(shape: tuple[int, ...]) -> str:
  return f"{shape[0]} x {shape[1]}"
