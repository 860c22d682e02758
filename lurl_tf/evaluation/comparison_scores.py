# SPDX-License-Identifier: Apache-2.0
"""Scores of methods, and which differences are larger than chance."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

from lurl_tf.evaluation import statistics
from lurl_tf.evaluation.statistics import PairedDifference

RAW_INPUTS = "raw_inputs"
RANDOM_INIT = "random_init"
UNTRAINED_RULE = "untrained_rule"
LEARNED_RULE = "learned_rule"

Layers = Literal["last", "all", "none"]
OWN_READOUT = "own"


class Score(NamedTuple):
  """Accuracies of one method with one read-out of one choice of layers.

  Attributes:
    method: Name of the method.
    examples_per_class: Number of labelled examples per class.
    layers: `"last"` for the features of the top layer, `"all"` for those of
      all layers side by side, `"none"` for a method that is a classifier.
    readout: Name of the read-out; `"own"` for a method that is a classifier.
    accuracies: `[initial_weights, draws]`; `[1, draws]` if the method has no
      seed.
    dimension: Number of features; 0 for a method that is a classifier.
    fit_seconds: Time to fit the method once, without read-outs.
    num_diverged: Number of episodes whose features were not finite. They are
      scored as constant features.
    is_transductive: Whether the method sees the query inputs when it is fitted.
    inner_steps: Number of inner steps before scoring; 0 if the method is no
      rule.
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
  inner_steps: int = 0

  @property
  def mean(self) -> float:
    """Mean accuracy over all episodes."""
    return statistics.accuracy_mean(self.accuracies)

  @property
  def stderr(self) -> float:
    """Standard error, see `evaluation.statistics.accuracy_stderr`."""
    return statistics.accuracy_stderr(self.accuracies)

  def difference(self, other: "Score", seed: int = 0) -> PairedDifference:
    """Returns the difference to another score on the same draws.

    Args:
      other: Score of the other method.
      seed: Integer seed of the bootstrap.
    """
    return statistics.paired_difference(self.accuracies, other.accuracies, seed)


class Contest(NamedTuple):
  """Difference of the reference method to another, each at its best read-out.

  Attributes:
    best: Best score of the other method.
    gain: Accuracy of the reference minus that of the other, on the same draws.
    p_value: P-value, adjusted for all contests with this number of labels
      (Holm).
  """

  best: Score
  gain: PairedDifference
  p_value: float


def best_scores(scores: Iterable[Score]) -> dict[str, Score]:
  """Returns the score with the highest mean accuracy of every method.

  Read-out and layers are chosen on the query set, for all methods in the same
  way. The choice makes all accuracies slightly too high.

  Args:
    scores: Scores with one number of labels.

  Returns:
    Scores by method, in the order of the methods.
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
  """Compares one method with all others.

  Args:
    scores: Scores with one number of labels.
    reference: Name of the method.
    seed: Integer seed of the bootstrap.

  Returns:
    A `Contest` per other method, in the order of the methods; empty if the
    reference has no score.
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
