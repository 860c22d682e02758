# SPDX-License-Identifier: Apache-2.0
"""Exact resizing of images by averages over areas."""

import functools

import numpy as np


@functools.lru_cache(maxsize=256)
def area_weights(input_size: int, output_size: int) -> np.ndarray:
  """Weights of area resizing along one axis.

  Output pixel o covers `[o, o + 1) * input_size / output_size` of the input
  axis; a weight is the share of that interval that an input pixel covers. This
  is exact for sizes that do not divide each other, for which the box filters of
  common libraries give equal weight to all pixels they touch.

  Args:
    input_size: Number of pixels before resizing, positive.
    output_size: Number of pixels after resizing, positive.

  Returns:
    Weights `[output_size, input_size]`, float64, read-only; rows sum to 1.
  """
  edges = np.arange(output_size + 1) * (input_size / output_size)
  pixels = np.arange(input_size)
  starts = np.maximum(edges[:-1, None], pixels)
  ends = np.minimum(edges[1:, None], pixels + 1)
  overlaps = np.maximum(ends - starts, 0.0)
  weights = overlaps / overlaps.sum(axis=1, keepdims=True)
  weights.setflags(write=False)
  return weights


def area_resize(images: np.ndarray, image_size: int) -> np.ndarray:
  """Resizes gray images to squares by area averages.

  Height and width are scaled separately, which stretches other images.

  Args:
    images: Images `[b, height, width]` of any real dtype.
    image_size: Side of the result, in pixels.

  Returns:
    Images `[b, image_size, image_size]`, float64, in the units of `images`.

  Example:

  >>> area_resize(np.array([[[0.0, 4.0], [8.0, 4.0]]]), image_size=1)
  array([[[4.]]])
  """
  _, height, width = images.shape
  rows = area_weights(height, image_size)
  columns = area_weights(width, image_size)
  return rows @ images.astype(np.float64) @ columns.T
