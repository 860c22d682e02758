# SPDX-License-Identifier: Apache-2.0
"""A picture of the first layer's receptive fields."""

import math

import numpy as np

_GAP = 1


def receptive_field_grid(
  kernel: np.ndarray, image_shape: tuple[int, ...], max_units: int = 64
) -> np.ndarray:
  """The weights of units to their inputs as images, side by side.

  Gray is a weight of 0; each unit's largest weight is white or black, or in
  colours as far from gray.

  Args:
    kernel: W of the first layer, `[i, j]`, of inputs in their own order.
    image_shape: of the inputs, `(height, width, channels)` with 1 or 3
      channels.
    max_units: how many units to show, from the first.

  Returns:
    uint8 `[height, width, channels]`, a square of units.

  Example:

  >>> from experiments.inspection.receptive_fields import receptive_field_grid
  >>> receptive_field_grid(np.ones((9, 4)), (3, 3, 1)).shape
  (9, 9, 1)
  """
  height, width, channels = image_shape
  fields = np.asarray(kernel, np.float64).T[:max_units]
  # What is not finite is shown as no weight.
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
