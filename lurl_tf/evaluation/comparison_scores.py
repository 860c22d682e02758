# SPDX-License-Identifier: Apache-2.0
"""What a comparison finds, and which differences are more than chance."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

from lurl_tf.evaluation import statistics
from lurl_tf.evaluation.statistics import PairedDifference

Layers = Literal["last", "all", "none"]
OWN_READOUT = "own"


class Score(NamedTuple):
  """One method, number of labels, choice of layers and read-out.

  Attributes:
    method: its name.
    examples_per_class: labelled examples of a class.
    layers: `"last"` layer's features, those of `"all"` layers side by side, or
      `"none"` where the method classifies by itself.
    readout: its name; `"own"` where the method classifies by itself.
    accuracies: `[initial_weights, draws]`; `[1, draws]` where no seed matters.
    dimension: number of features; 0 where there are none.
    fit_seconds: to fit the method once, read-outs apart.
    num_diverged: episodes whose features were not finite; they are scored as
      constant features.
    is_transductive: whether the method saw the query set while it was fitted.
  """

  method: str
  examples_per_class: int
  layers: Layers
  readout: str
  accuracies: np.ndarray
  dimension: int
  fit_seconds: float
  num_diverged: int = 0
  is_transductive: bool = False

  @property
  def mean(self) -> float:
    """Mean accuracy over all episodes."""
    return statistics.accuracy_mean(self.accuracies)

  @property
  def stderr(self) -> float:
    """Standard error, see `evaluation.statistics.accuracy_stderr`."""
    return statistics.accuracy_stderr(self.accuracies)


class Contest(NamedTuple):
  """The reference method beside another, each at its best read-out.

  Attributes:
    best: the other method's best score.
    gain: accuracy of the reference less that of the other, on the same draws.
    p_value: adjusted for all contests of this number of labels (Holm).
  """

  best: Score
  gain: PairedDifference
  p_value: float


def best_scores(scores: Iterable[Score]) -> dict[str, Score]:
  """Every method's score of the highest mean accuracy.

  The choice among read-outs and layers is made on the query set, for all
  methods alike, and so flatters all of them a little.

  Args:
    scores: of one number of labels.

  Returns:
    By method, in the order of their first scores.
  """
  best: dict[str, Score] = {}
  for score in scores:
    other = best.setdefault(score.method, score)
    if score.mean > other.mean:
      best[score.method] = score
  return best


def contests(
  scores: Iterable[Score], reference: str, seed: int = 0
) -> tuple[Contest, ...]:
  """Compares a method with all others.

  Args:
    scores: of one number of labels.
    reference: the method.
    seed: of the bootstrap.

  Returns:
    A `Contest` per other method, in their order; none if the reference has no
    score.
  """
  best = best_scores(scores)
  if reference not in best:
    return ()
  own = best.pop(reference).accuracies
  others = tuple(best.values())
  p_values = statistics.holm(
    [statistics.paired_p_value(own, other.accuracies, seed) for other in others]
  )
  return tuple(
    Contest(
      other, statistics.paired_difference(own, other.accuracies, seed), p_value
    )
    for other, p_value in zip(others, p_values)
  )
