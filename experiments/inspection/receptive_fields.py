# SPDX-License-Identifier: Apache-2.0
"""Picture of the first layer's receptive fields."""

import math

import numpy as np

_GAP = 1


def receptive_field_grid(
  kernel: np.ndarray, image_shape: tuple[int, ...], max_units: int = 64
) -> np.ndarray:
  """Draws the input weights of units as images, side by side.

  A weight of 0 is gray. The weights of each unit are scaled so that the largest
  absolute value is white or black.

  Args:
    kernel: W of the first layer, `[i, j]`, for inputs that are not permuted.
    image_shape: Shape of the inputs, `(height, width, channels)` with 1 or 3
      channels.
    max_units: Largest number of units to draw.

  Returns:
    Square of units, uint8 `[height, width, channels]`.

  Example:

  >>> from experiments.inspection.receptive_fields import receptive_field_grid
  >>> receptive_field_grid(np.ones((9, 4)), (3, 3, 1)).shape
  (9, 9, 1)
  """
  height, width, channels = image_shape
  fields = np.asarray(kernel, np.float64).T[:max_units]
  # Weights that are not finite are drawn as 0.
  fields = np.where(np.isfinite(fields), fields, 0)
  largest = np.abs(fields).max(axis=1, keepdims=True)
  fields = fields / np.maximum(largest, np.finfo(np.float64).tiny)
  tiles = np.rint(127.5 * (1 + fields)).astype(np.uint8)
  columns = math.ceil(math.sqrt(len(tiles)))
  rows = math.ceil(len(tiles) / columns)
  grid = np.full(
    [
      rows * (height + _GAP) + _GAP,
      columns * (width + _GAP) + _GAP,
      channels,
    ],
    255,
    np.uint8,
  )
  for index, tile in enumerate(tiles):
    top = _GAP + index // columns * (height + _GAP)
    left = _GAP + index % columns * (width + _GAP)
    grid[top : top + height, left : left + width] = tile.reshape(image_shape)
  return grid
