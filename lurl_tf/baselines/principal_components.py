# SPDX-License-Identifier: Apache-2.0
"""Principal components, with scikit-learn."""

import dataclasses
from typing import ClassVar, Self

import numpy as np
from sklearn.decomposition import PCA

from lurl_tf.baselines.interface import Baseline
from lurl_tf.checks import check_at_least
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class PrincipalComponents(Baseline):
  """Projections on the directions of largest variance (Hotelling 1933).

  Args:
    components: Number of components, reduced to the rank of the data.
    whiten: Whether components are scaled to unit variance.

  Raises:
    ValueError: If `components` is not positive.

  Example:

  >>> unlabelled = np.random.default_rng(0).random((50, 8), np.float32)
  >>> PrincipalComponents(3).fit(unlabelled)(unlabelled[:2]).shape
  (2, 3)
  """

  components: int = 32
  whiten: bool = False
  is_random: ClassVar[bool] = False

  def __post_init__(self):
    check_at_least(self, components=1)

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Computes the directions.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Not used.

    Returns:
      `Features`, the leading component first.
    """
    del seed
    components = min(self.components, *unlabelled.shape)
    model = PCA(components, whiten=self.whiten, svd_solver="full")
    return MappedFeatures(model.fit(unlabelled).transform)

  def candidates(self) -> tuple[Self, ...]:
    """Varies the whitening."""
    others = dataclasses.replace(self, whiten=not self.whiten)
    return (self, others)
