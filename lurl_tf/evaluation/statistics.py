# SPDX-License-Identifier: Apache-2.0
"""Statistics of methods over initial weights crossed with label draws.

Accuracies are arrays `[initial_weights, draws]`: every draw of labelled
examples is scored on every set of initial weights. All methods are scored on
the same pairs, so that their differences are paired. Scores that share initial
weights are not independent, nor are scores that share a draw.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

NUM_RESAMPLES = 10_000
CONFIDENCE = 0.95
# Fewer than one of 10,000 resamples in each tail.
LEAST_P_VALUE = 2 / NUM_RESAMPLES


class PairedDifference(NamedTuple):
  """Difference between two methods on the same draws.

  Attributes:
    difference: Mean accuracy of the method minus that of the other.
    interval: Lower and upper end of the 95 % bootstrap interval; NaN for one
      set of initial weights and one draw.
  """

  difference: float
  interval: tuple[float, float]


def accuracy_mean(accuracies: np.ndarray) -> float:
  """Returns the mean over all episodes.

  Args:
    accuracies: `[initial_weights, draws]` accuracies.

  Returns:
    The mean.
  """
  return float(np.mean(_checked(accuracies)))


def accuracy_stderr(accuracies: np.ndarray) -> float:
  """Returns the standard error of the mean over initial weights.

  The draws of one set are averaged first: they are repeated measurements, and
  counting them as independent would make the error too small.

  Args:
    accuracies: `[initial_weights, draws]` accuracies. With `[1, draws]`, the
      unit is the draw.

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
  """Compares two methods on the same draws, with a bootstrap interval.

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
    accuracies: `[initial_weights, draws]` accuracies of the method;
      `[1, draws]` if it has no initial weights, or one set. A factor with one
      level adds nothing to the interval.
    reference: Accuracies of the other method, of the same form.
    seed: Integer seed of the resampling.
    num_resamples: Number of resamples.

  Returns:
    A `PairedDifference`.

  Raises:
    ValueError: If the shapes do not match.
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
  """Returns the two-sided p-value of the difference of two methods.

  The p-value is the level at which the interval of `paired_difference` touches
  zero. As the interval is widened by Student's quantile, it cannot be tiny if
  a factor has few levels.

  Args:
    accuracies: Accuracies of the method, see `paired_difference`.
    reference: Accuracies of the other method.
    seed: Integer seed of the resampling.
    num_resamples: Number of resamples.

  Returns:
    Number from `LEAST_P_VALUE` to 1; NaN for one set of initial weights and one
    draw.

  Raises:
    ValueError: If the shapes do not match.
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
  """Adjusts the p-values of several tests (Holm 1979).

  If hypotheses with adjusted values below 0.05 are rejected, the probability of
  rejecting at least one true hypothesis is at most 0.05. The tests may depend
  on each other.

  Args:
    p_values: P-value of each test; NaN for a test that is not possible.

  Returns:
    The adjusted values, in the same order. NaN stays NaN and is not counted.

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
  """Differences of every episode; raises an error if shapes differ."""
  accuracies, reference = _checked(accuracies), _checked(reference)
  num_weights = {len(accuracies), len(reference)} - {1}
  if accuracies.shape[1] != reference.shape[1] or len(num_weights) > 1:
    raise ValueError(
      "Expected accuracies of the same episodes, [initial_weights, draws]. "
      f"Received: shapes {accuracies.shape} and {reference.shape}"
    )
  return accuracies - reference


class _Resamples(NamedTuple):
  """Resampled mean effects of both factors.

  Attributes:
    mean: Mean of all differences.
    levels: Numbers of initial weights and of draws.
    effects: Resampled effects `[num_resamples]` of each factor, about zero.
  """

  mean: float
  levels: tuple[int, int]
  effects: tuple[np.ndarray, np.ndarray]


def _resample(
  differences: np.ndarray, seed: int, num_resamples: int
) -> _Resamples:
  """Resamples the levels of both factors, see `paired_difference`."""
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
  """Computes expanded percentiles, see `paired_difference`."""
  upper = (1 + confidence) / 2
  widened = resamples.mean + sum(
    _widening(count, upper) * effects
    for count, effects in zip(resamples.levels, resamples.effects)
    if count > 1
  )
  low, high = np.quantile(widened, [1 - upper, upper])
  return float(low), float(high)


def _widening(count: int, upper: float) -> float:
  """Factor that corrects the bias of few levels and the normal tails."""
  if upper <= 0.5:  # Both quantiles are 0.
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
