# SPDX-License-Identifier: Apache-2.0
"""Features along their principal components."""

from typing import NamedTuple

import numpy as np


class Projection(NamedTuple):
  """Features as their principal components see them.

  Attributes:
    coordinates: `[b, 3]` along the first three; 0 where there are fewer.
    explained: `[u]` shares of the variance, descending; all 0 for features that
      do not vary, or are not finite.
  """

  coordinates: np.ndarray
  explained: np.ndarray


def project(features: np.ndarray) -> Projection:
  """Finds principal components by a singular value decomposition.

  Args:
    features: `[b, u]`.

  Returns:
    A `Projection`.

  Example:

  >>> from experiments.inspection.principal_components import project
  >>> project(np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])).explained
  array([1., 0.])
  """
  features = np.asarray(features, np.float64)
  if not np.all(np.isfinite(features)):
    features = np.zeros_like(features)
  left, scales, right = np.linalg.svd(
    features - features.mean(axis=0), full_matrices=False
  )
  # The sign is chance; the largest part of a component counts as positive.
  largest = np.take_along_axis(
    right, np.abs(right).argmax(axis=1, keepdims=True), axis=1
  )
  coordinates = (left * scales * np.sign(largest[:, 0]))[:, :3]
  coordinates = np.pad(coordinates, ((0, 0), (0, 3 - coordinates.shape[1])))
  power = np.pad(scales**2, (0, features.shape[1] - len(scales)))
  total = power.sum()
  return Projection(
    coordinates, np.round(power / total, 12) if total else power
  )
