# SPDX-License-Identifier: Apache-2.0
"""Principal components, by scikit-learn."""

import dataclasses
from typing import ClassVar, Self

import numpy as np
from sklearn.decomposition import PCA

from lurl_tf.baselines.interface import Baseline
from lurl_tf.checks import check_at_least
from lurl_tf.features import Features, MappedFeatures


@dataclasses.dataclass(frozen=True)
class PrincipalComponents(Baseline):
  """Projections on the directions of the largest variance (Hotelling 1933).

  Args:
    components: how many; all there are, if there are fewer.
    whiten: whether they are scaled to unit variance.

  Raises:
    ValueError: if `components` is not positive.

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
    """Finds the directions.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: not used.

    Returns:
      `Features`, the leading component first.
    """
    del seed
    components = min(self.components, *unlabelled.shape)
    model = PCA(components, whiten=self.whiten, svd_solver="full")
    return MappedFeatures(model.fit(unlabelled).transform)

  def candidates(self) -> tuple[Self, ...]:
    """With and without whitening."""
    others = dataclasses.replace(self, whiten=not self.whiten)
    return (self, others)
