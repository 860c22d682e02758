# SPDX-License-Identifier: Apache-2.0
"""Principal components of features."""

from typing import NamedTuple

import numpy as np


class Projection(NamedTuple):
  """Features on their principal components.

  Attributes:
    coordinates: Coordinates `[b, 3]` on the first three components, padded with
      zeros.
    explained: Shares `[u]` of the variance, descending. All are 0 for features
      that are constant or not finite.
  """

  coordinates: np.ndarray
  explained: np.ndarray


def project(features: np.ndarray) -> Projection:
  """Computes principal components by a singular value decomposition.

  Args:
    features: Features `[b, u]`.

  Returns:
    Coordinates and explained variances.

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
  # The sign of a component is arbitrary. Its largest entry is made positive.
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
