# SPDX-License-Identifier: Apache-2.0
"""Label spreading on a graph of neighbours, with scikit-learn."""

import dataclasses
from typing import ClassVar, Self

import numpy as np
from sklearn import semi_supervised

from lurl_tf.baselines.interface import LabelledBaseline
from lurl_tf.checks import check_at_least
from lurl_tf.features import Classifier


@dataclasses.dataclass(frozen=True)
class LabelSpreading(LabelledBaseline):
  """Spreads the few labels along a graph of nearest neighbours (Zhou 2004).

  The method is transductive: the graph contains the labelled examples and the
  query set, which no other method uses when it is fitted.

  Args:
    neighbors: Number of neighbours per example.
    share: Share of a label that comes from the neighbours, alpha in [0, 1].

  Raises:
    ValueError: If a number is out of range.
  """

  neighbors: int = 10
  share: float = 0.9
  is_random: ClassVar[bool] = False
  is_transductive: ClassVar[bool] = True

  def __post_init__(self):
    check_at_least(self, neighbors=1)
    if not 0 < self.share < 1:
      raise ValueError(
        f"`share` must be between 0 and 1. Received: share={self.share}"
      )

  def fit_labelled(
    self,
    inputs: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    seed: int = 0,
  ) -> Classifier:
    """Stores the labelled examples; labels are spread at prediction.

    Args:
      inputs: float32 `[b, i]` inputs of the labelled examples.
      labels: `[b]` class indices of the labelled examples.
      num_classes: Not used.
      seed: Not used.

    Returns:
      A callable that maps inputs `[n, i]` to class indices `[n]`.
    """
    del num_classes, seed

    def classify(query):
      everything = np.concatenate([inputs, query])
      unknown = np.full(len(query), -1)
      model = semi_supervised.LabelSpreading(
        kernel="knn",
        n_neighbors=min(self.neighbors, len(everything) - 1),
        alpha=self.share,
        max_iter=1000,
      )
      model.fit(everything, np.concatenate([labels, unknown]))
      return model.transduction_[len(inputs) :]

    return classify

  def candidates(self) -> tuple[Self, ...]:
    """Varies the number of neighbours and the share."""
    return tuple(
      dataclasses.replace(self, neighbors=neighbors, share=share)
      for neighbors in (self.neighbors, 5, 20)
      for share in (self.share, 0.5, 0.99)
    )
