# SPDX-License-Identifier: Apache-2.0
"""Collection of images in one array."""

import numpy as np

from lurl_tf.tasks.images.image_format import ImageFormat


class ImageBuffer:
  """Array of uint8 rows, to which images are added in one format.

  Args:
    count: Number of images that will be added.
    image_format: Format to which they are converted.
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
      images: Images `[b, height, width, c]`, 0 to 255.
      origin: Source of the images, for the error message.

    Raises:
      ValueError: If they differ in size from earlier images, or cannot be
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
    """Returns inputs `[b, i]` and `(height, width, channels)` of all images."""
    if self._filled != self._count:
      raise ValueError(
        f"{self._count} images were to be added. Received: {self._filled}"
      )
    return self._inputs, self._shape


def _size(shape: tuple[int, ...]) -> str:
  return f"{shape[0]} x {shape[1]}"
