# SPDX-License-Identifier: Apache-2.0
"""Comparing methods over initial weights crossed with label draws.

Accuracies come as `[initial_weights, draws]`: every draw of labelled examples
is scored on every set of initial weights, and all methods are scored on the
same ones, so that their differences are paired. Scores that share initial
weights are not independent, nor are scores that share a draw.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

NUM_RESAMPLES = 10_000
CONFIDENCE = 0.95


class PairedDifference(NamedTuple):
  """How much better a method is than another on the same draws.

  Attributes:
    difference: mean accuracy of the method minus that of the other.
    interval: lower and upper end of the 95 % bootstrap interval; NaN if there
      is but one set of initial weights and one draw.
  """

  difference: float
  interval: tuple[float, float]


def accuracy_mean(accuracies: np.ndarray) -> float:
  """Mean over all episodes.

  Args:
    accuracies: `[initial_weights, draws]`.

  Returns:
    The mean.
  """
  return float(np.mean(_checked(accuracies)))


def accuracy_stderr(accuracies: np.ndarray) -> float:
  """Standard error of the mean; its unit is the set of initial weights.

  The draws of one set are averaged first: they are repeated measurements, and
  counting them as independent would make the error too small.

  Args:
    accuracies: `[initial_weights, draws]`. With one set of initial weights, or
      a method that has none, `[1, draws]`, the unit is the draw.

  Returns:
    The standard error; NaN for a single number.
  """
  accuracies = _checked(accuracies)
  means = accuracies.mean(axis=1) if len(accuracies) > 1 else accuracies[0]
  if len(means) < 2:
    return float("nan")
  return float(np.std(means, ddof=1) / np.sqrt(len(means)))


def paired_difference(
  accuracies: np.ndarray,
  reference: np.ndarray,
  seed: int = 0,
  num_resamples: int = NUM_RESAMPLES,
) -> PairedDifference:
  """Difference of two methods on the same draws, with a bootstrap interval.

  Both crossed factors are resampled with replacement: the effects of initial
  weights (their mean differences) and those of label draws, each about the
  grand mean. The plain percentile interval of a few levels is too narrow (of
  5 x 4 episodes it covers the truth 80 to 85 times in 100 if one factor
  dominates), so the effects of a factor with `n` levels are widened before by
  `sqrt(n / (n - 1))`, their bias, and by the ratio of Student's to the normal
  quantile (expanded percentiles, Hesterberg 2015, applied per factor). The
  interval then covers the truth about 95 times in 100, and more often where
  neither factor dominates.

  Args:
    accuracies: `[initial_weights, draws]` of the method; `[1, draws]` if it has
      no initial weights, or there is one set. A factor of one level adds
      nothing to the interval.
    reference: the same of the method compared with.
    seed: of the resampling.
    num_resamples: number of resamples.

  Returns:
    A `PairedDifference`.

  Raises:
    ValueError: if the two do not hold the same episodes.
  """
  differences = _paired(accuracies, reference)
  mean = differences.mean()
  if differences.size == 1:
    return PairedDifference(float(mean), (float("nan"), float("nan")))
  resampled = _resampled_differences(differences, seed, num_resamples)
  tail = (1 - CONFIDENCE) / 2
  low, high = np.quantile(resampled, [tail, 1 - tail])
  return PairedDifference(float(mean), (float(low), float(high)))


def paired_p_value(
  accuracies: np.ndarray,
  reference: np.ndarray,
  seed: int = 0,
  num_resamples: int = NUM_RESAMPLES,
) -> float:
  """How seldom chance makes a difference as large, were there none.

  Two-sided, of the very bootstrap of `paired_difference`: it is below 0.05
  where that interval excludes zero.

  Args:
    accuracies: `[initial_weights, draws]` of the method, or `[1, draws]`.
    reference: the same of the method compared with.
    seed: of the resampling.
    num_resamples: number of resamples; the least value is 2 / (1 + this).

  Returns:
    From 0 to 1; NaN if there is but one set of initial weights and one draw.

  Raises:
    ValueError: if the two do not hold the same episodes.
  """
  differences = _paired(accuracies, reference)
  if differences.size == 1:
    return float("nan")
  resampled = _resampled_differences(differences, seed, num_resamples)
  fewer = min(np.sum(resampled <= 0), np.sum(resampled >= 0))
  return float(min(2 * (fewer + 1) / (num_resamples + 1), 1.0))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
  """P-values of several tests, adjusted so that few err together (Holm 1979).

  Rejecting where an adjusted value is below 0.05 rejects any true hypothesis at
  all in at most 5 of 100 families of tests, whatever depends on what.

  Args:
    p_values: of each test; NaN for one that could not be made.

  Returns:
    The adjusted values, in the same order; NaN stays, and counts for nothing.

  Example:

  >>> holm([0.01, 0.5, 0.02])
  (0.03, 0.5, 0.04)
  """
  p_values = np.asarray(p_values, dtype=np.float64)
  adjusted = np.full(len(p_values), np.nan)
  made = np.flatnonzero(~np.isnan(p_values))
  largest = 0.0
  for rank, index in enumerate(made[np.argsort(p_values[made], kind="stable")]):
    largest = max(largest, min((len(made) - rank) * p_values[index], 1.0))
    adjusted[index] = largest
  return tuple(adjusted.tolist())


def _paired(accuracies: np.ndarray, reference: np.ndarray) -> np.ndarray:
  """Differences of every episode; raises unless the two hold the same ones."""
  accuracies, reference = _checked(accuracies), _checked(reference)
  num_weights = {len(accuracies), len(reference)} - {1}
  if accuracies.shape[1] != reference.shape[1] or len(num_weights) > 1:
    raise ValueError(
      "Expected accuracies of the same episodes, [initial_weights, draws]. "
      f"Received: shapes {accuracies.shape} and {reference.shape}"
    )
  return accuracies - reference


def _resampled_differences(
  differences: np.ndarray, seed: int, num_resamples: int
) -> np.ndarray:
  """`[num_resamples]` means, see `paired_difference`."""
  mean = differences.mean()
  rng = np.random.default_rng(seed)
  return mean + sum(
    _resampled_mean(differences.mean(axis=axis) - mean, num_resamples, rng)
    for axis in (1, 0)
  )


def _resampled_mean(
  effects: np.ndarray, num_resamples: int, rng: np.random.Generator
) -> np.ndarray:
  """`[num_resamples]` means of effects drawn with replacement, widened."""
  count = len(effects)
  if count == 1:
    return np.zeros(num_resamples)
  upper = (1 + CONFIDENCE) / 2
  widening = np.sqrt(count / (count - 1)) * (
    special.stdtrit(count - 1, upper) / special.ndtri(upper)
  )
  indices = rng.integers(count, size=[num_resamples, count])
  return widening * effects[indices].mean(axis=1)


def _checked(accuracies: np.ndarray) -> np.ndarray:
  accuracies = np.asarray(accuracies, dtype=np.float64)
  if accuracies.ndim != 2 or accuracies.size == 0:
    raise ValueError(
      "Expected accuracies as [initial_weights, draws]. "
      f"Received: shape {accuracies.shape}"
    )
  return accuracies
