# SPDX-License-Identifier: Apache-2.0
"""Soft assignments to the means of k-means, with scikit-learn."""

import dataclasses
from typing import Self

import numpy as np
from sklearn.cluster import KMeans

from lurl_tf.baselines.interface import Baseline
from lurl_tf.checks import check_at_least, check_positive
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class KMeansTriangle(Baseline):
  """Features `max(0, mean_k d_k - d_k)` of the distances d_k to the k means.

  The "triangle" encoding of Coates and Ng (2012, "Learning feature
  representations with k-means", sections 2 and 3; Coates, Lee and Ng 2011,
  equation 3).

  Args:
    clusters: Number of clusters, at most the number of examples.
    whiten: Whether inputs are ZCA-whitened first.
    whitening_epsilon: Term added to the variances, in multiples of their mean,
      so that directions of noise are not amplified.
    starts: Number of restarts of k-means; the best result is used.
    max_iterations: Largest number of iterations of k-means.

  Raises:
    ValueError: If a number is out of range.

  Example:

  >>> unlabelled = np.random.default_rng(0).random((50, 8), np.float32)
  >>> KMeansTriangle(4).fit(unlabelled)(unlabelled[:2]).shape
  (2, 4)
  """

  clusters: int = 256
  whiten: bool = False
  whitening_epsilon: float = 1.0
  starts: int = 1
  max_iterations: int = 300

  def __post_init__(self):
    check_at_least(self, clusters=1, starts=1, max_iterations=1)
    check_positive(self, "whitening_epsilon")

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Computes the means.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of the initial means.

    Returns:
      `Features`, one feature per mean.
    """
    prepare = np.asarray
    if self.whiten:
      prepare = _whitening(unlabelled, self.whitening_epsilon)
    k_means = KMeans(
      min(self.clusters, len(unlabelled)),
      n_init=self.starts,
      max_iter=self.max_iterations,
      random_state=seed,
    )
    k_means.fit(prepare(unlabelled))

    def encode(inputs):
      distances = k_means.transform(prepare(inputs))
      return np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)

    return MappedFeatures(encode)

  def candidates(self) -> tuple[Self, ...]:
    """Varies the number of restarts, and the whitening if it is used."""
    epsilons = (self.whitening_epsilon,)
    if self.whiten:
      epsilons = (self.whitening_epsilon, 0.03, 0.1, 0.3, 3.0)
    return tuple(
      dataclasses.replace(self, whitening_epsilon=epsilon, starts=starts)
      for starts in (self.starts, 4)
      for epsilon in epsilons
    )


def _whitening(unlabelled: np.ndarray, epsilon: float):
  """ZCA: decorrelates inputs and rotates them back to the input axes."""
  center = unlabelled.mean(axis=0)
  covariance = np.cov(unlabelled - center, rowvar=False, dtype=np.float64)
  variances, directions = np.linalg.eigh(np.atleast_2d(covariance))
  floor = max(epsilon * variances.mean(), 1e-12)
  scales = 1 / np.sqrt(np.maximum(variances, 0) + floor)
  matrix = ((directions * scales) @ directions.T).astype(np.float32)
  return lambda inputs: (inputs - center) @ matrix
