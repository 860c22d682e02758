# SPDX-License-Identifier: Apache-2.0
"""Random features: one layer with fixed random weights."""

import dataclasses
from typing import Self

import numpy as np

from lurl_tf.baselines.interface import Baseline
from lurl_tf.checks import check_at_least
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class RandomFeatures(Baseline):
  """Rectified random projections of centred inputs (Rahimi and Recht 2009).

  As the number of features grows, the inner products of rectified projections
  approach the arc-cosine kernel of degree one (Cho and Saul 2009).

  Args:
    features: Number of features.
    bias_stddev: Standard deviation of the random biases, in multiples of that
      of a projection.

  Raises:
    ValueError: If a number is out of range.

  Example:

  >>> unlabelled = np.random.default_rng(0).random((50, 8), np.float32)
  >>> RandomFeatures(20).fit(unlabelled)(unlabelled[:2]).shape
  (2, 20)
  """

  features: int = 2048
  bias_stddev: float = 0.5

  def __post_init__(self):
    check_at_least(self, features=1, bias_stddev=0)

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Draws the features; only mean and scale of the inputs are used.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of the projections.

    Returns:
      `Features`.
    """
    rng = np.random.default_rng(seed)
    center = unlabelled.mean(axis=0)
    spread = np.sqrt(unlabelled.var(axis=0, dtype=np.float64).sum())
    shape = [unlabelled.shape[1], self.features]
    kernel = rng.normal(size=shape).astype(np.float32)
    kernel /= np.float32(max(spread, 1e-12))
    bias = self.bias_stddev * rng.normal(size=self.features)
    bias = bias.astype(np.float32)
    return MappedFeatures(
      lambda inputs: np.maximum((inputs - center) @ kernel + bias, 0)
    )

  def candidates(self) -> tuple[Self, ...]:
    """Varies the standard deviation of the biases."""
    return (
      self,
      *(
        dataclasses.replace(self, bias_stddev=stddev)
        for stddev in (0.0, 0.25, 1.0, 2.0)
      ),
    )
