# SPDX-License-Identifier: Apache-2.0
"""Comparing methods over initial weights crossed with label draws.

Accuracies come as `[initial_weights, draws]`: every draw of labelled examples
is scored on every set of initial weights, and all methods are scored on the
same ones, so that their differences are paired. Scores that share initial
weights are not independent, nor are scores that share a draw.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

NUM_RESAMPLES = 10_000
CONFIDENCE = 0.95
# Of 10,000 resamples, less than one in each tail.
LEAST_P_VALUE = 2 / NUM_RESAMPLES


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
  resamples = _resample(differences, seed, num_resamples)
  return PairedDifference(float(mean), _interval(resamples, CONFIDENCE))


def paired_p_value(
  accuracies: np.ndarray,
  reference: np.ndarray,
  seed: int = 0,
  num_resamples: int = NUM_RESAMPLES,
) -> float:
  """How seldom chance makes a difference as large, were there none.

  Two-sided: the level at which the interval of `paired_difference` would just
  touch zero. As that widens by Student's quantile, a few levels of a factor can
  give no tiny values, however far apart the methods are.

  Args:
    accuracies: `[initial_weights, draws]` of the method, or `[1, draws]`.
    reference: the same of the method compared with.
    seed: of the resampling.
    num_resamples: number of resamples.

  Returns:
    From `LEAST_P_VALUE` to 1; NaN if there is but one set of initial weights
    and one draw.

  Raises:
    ValueError: if the two do not hold the same episodes.
  """
  differences = _paired(accuracies, reference)
  if differences.size == 1:
    return float("nan")
  resamples = _resample(differences, seed, num_resamples)

  def misses_zero(level):
    low, high = _interval(resamples, 1 - level)
    return low > 0 or high < 0

  if misses_zero(LEAST_P_VALUE):
    return LEAST_P_VALUE
  low, high = math.log(LEAST_P_VALUE), 0.0
  for _ in range(30):
    middle = (low + high) / 2
    low, high = (
      (low, middle) if misses_zero(math.exp(middle)) else (middle, high)
    )
  return math.exp(high)


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


class _Resamples(NamedTuple):
  """Means of effects drawn with replacement, of both factors.

  Attributes:
    mean: of all differences.
    levels: of initial weights and of draws.
    effects: `[num_resamples]` of each factor, about zero.
  """

  mean: float
  levels: tuple[int, int]
  effects: tuple[np.ndarray, np.ndarray]


def _resample(
  differences: np.ndarray, seed: int, num_resamples: int
) -> _Resamples:
  """Draws the levels of both factors, see `paired_difference`."""
  mean, effects = differences.mean(), []
  rng = np.random.default_rng(seed)
  for axis in (1, 0):
    own = differences.mean(axis=axis) - mean
    drawn = np.zeros(num_resamples)
    if len(own) > 1:
      drawn = own[rng.integers(len(own), size=[num_resamples, len(own)])].mean(
        axis=1
      )
    effects.append(drawn)
  return _Resamples(float(mean), differences.shape, tuple(effects))


def _interval(resamples: _Resamples, confidence: float) -> tuple[float, float]:
  """Expanded percentiles, see `paired_difference`."""
  upper = (1 + confidence) / 2
  widened = resamples.mean + sum(
    _widening(count, upper) * effects
    for count, effects in zip(resamples.levels, resamples.effects)
    if count > 1
  )
  low, high = np.quantile(widened, [1 - upper, upper])
  return float(low), float(high)


def _widening(count: int, upper: float) -> float:
  """Undoes the bias of a few levels, and turns normal into Student tails."""
  if upper <= 0.5:  # both quantiles are 0
    return 0.0
  student = special.stdtrit(count - 1, upper) / special.ndtri(upper)
  return math.sqrt(count / (count - 1)) * student


def _checked(accuracies: np.ndarray) -> np.ndarray:
  accuracies = np.asarray(accuracies, dtype=np.float64)
  if accuracies.ndim != 2 or accuracies.size == 0:
    raise ValueError(
      "Expected accuracies as [initial_weights, draws]. "
      f"Received: shape {accuracies.shape}"
    )
  return accuracies
