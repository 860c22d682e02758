# SPDX-License-Identifier: Apache-2.0
"""Tests of the paired comparison, mostly on designs whose truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from lurl_tf.evaluation import statistics


def crossed_design(rng, shape, weights_std, draws_std, residual_std):
  return (
    weights_std * rng.normal(size=[shape[0], 1])
    + draws_std * rng.normal(size=[1, shape[1]])
    + residual_std * rng.normal(size=shape)
  )


def test_mean():
  assert statistics.accuracy_mean([[0.0, 0.5], [0.5, 1.0]]) == 0.5


def test_initial_weights_are_the_unit_of_the_standard_error():
  accuracies = np.random.default_rng(0).uniform(size=[5, 4])
  actual = statistics.accuracy_stderr(accuracies)
  assert actual == pytest.approx(stats.sem(accuracies.mean(axis=1)))
  # Repeating every draw is no news.
  repeated = np.repeat(accuracies, 10, axis=1)
  assert statistics.accuracy_stderr(repeated) == pytest.approx(actual)


def test_draws_are_the_unit_where_initial_weights_are_not():
  accuracies = np.random.default_rng(0).uniform(size=[1, 4])
  actual = statistics.accuracy_stderr(accuracies)
  assert actual == pytest.approx(stats.sem(accuracies[0]))
  assert math.isnan(statistics.accuracy_stderr([[0.5]]))


def test_same_accuracies_differ_by_nothing():
  accuracies = np.random.default_rng(0).uniform(size=[5, 4])
  actual = statistics.paired_difference(accuracies, accuracies)
  assert actual == (0.0, (0.0, 0.0))


def test_constant_shift_has_an_interval_of_no_width():
  reference = np.random.default_rng(0).uniform(size=[5, 4])
  actual = statistics.paired_difference(reference + 0.125, reference)
  assert actual.difference == pytest.approx(0.125, abs=1e-12)
  assert actual.interval == pytest.approx((0.125, 0.125), abs=1e-12)


def test_pairing_removes_what_methods_share():
  rng = np.random.default_rng(0)
  shared = crossed_design(rng, (5, 4), 1.0, 1.0, 0.0)
  noise = 0.01 * rng.normal(size=(5, 4))
  low, high = statistics.paired_difference(shared + noise, shared).interval
  assert high - low < 0.1


def test_method_without_initial_weights_is_paired_by_draw():
  reference = np.random.default_rng(0).uniform(size=[5, 4])
  raw = np.array([[0.1, 0.2, 0.3, 0.4]])
  actual = statistics.paired_difference(raw, reference)
  assert actual == statistics.paired_difference(np.tile(raw, [5, 1]), reference)
  assert actual.difference == pytest.approx(0.25 - reference.mean())


@pytest.mark.parametrize("shape", [(40, 1), (1, 40)])
def test_one_factor_agrees_with_students_interval(shape):
  differences = np.random.default_rng(1).normal(size=shape)
  low, high = statistics.paired_difference(
    differences, np.zeros(shape)
  ).interval
  mean, error = differences.mean(), stats.sem(differences.ravel())
  expected = stats.t.interval(0.95, 39, mean, error)
  assert (low, high) == pytest.approx(expected, abs=0.1 * error)


@pytest.mark.parametrize(
  "weights_std,draws_std,residual_std",
  [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 1.0)],
)
def test_coverage_at_the_default_design(weights_std, draws_std, residual_std):
  rng = np.random.default_rng(0)
  truth, trials, covered = 0.3, 300, 0
  for seed in range(trials):
    differences = truth + crossed_design(
      rng, (5, 4), weights_std, draws_std, residual_std
    )
    low, high = statistics.paired_difference(
      differences, np.zeros([1, 4]), seed=seed, num_resamples=1000
    ).interval
    covered += low <= truth <= high
  # 95 % of 300 are 285, give or take 4.
  assert 277 <= covered < 300


def test_same_seed_same_interval():
  rng = np.random.default_rng(0)
  accuracies, reference = rng.uniform(size=[2, 5, 4])
  first = statistics.paired_difference(accuracies, reference, seed=1)
  again = statistics.paired_difference(accuracies, reference, seed=1)
  other = statistics.paired_difference(accuracies, reference, seed=2)
  assert first == again
  assert first.interval != other.interval


def test_single_episode_has_no_interval():
  actual = statistics.paired_difference([[0.75]], [[0.5]])
  assert actual.difference == 0.25
  assert all(math.isnan(end) for end in actual.interval)


@pytest.mark.parametrize("shape", [(5, 3), (4, 4)])
def test_other_episodes_are_refused(shape):
  with pytest.raises(ValueError, match="Received: shapes"):
    statistics.paired_difference(np.zeros(shape), np.zeros([5, 4]))


@pytest.mark.parametrize("accuracies", [[0.5, 0.6], [[]], 0.5])
def test_other_ranks_are_refused(accuracies):
  with pytest.raises(ValueError, match="Received: shape"):
    statistics.accuracy_mean(accuracies)


def test_p_value_and_interval_say_the_same():
  rng = np.random.default_rng(0)
  below = 0
  for seed in range(60):
    differences = 0.5 + crossed_design(rng, (5, 4), 0.5, 0.3, 0.5)
    reference = np.zeros([1, 4])
    p_value = statistics.paired_p_value(differences, reference, seed)
    low, high = statistics.paired_difference(
      differences, reference, seed
    ).interval
    assert (p_value < 0.05) == (low > 0 or high < 0)
    below += p_value < 0.05
  assert 5 < below < 55


@pytest.mark.parametrize("shift", [0.1, 0.3, 0.7])
def test_p_value_of_one_factor_agrees_with_students_test(shift):
  differences = shift + np.random.default_rng(1).normal(size=[40, 1])
  expected = stats.ttest_1samp(differences.ravel(), 0).pvalue
  expected = max(expected, statistics.LEAST_P_VALUE)
  actual = statistics.paired_p_value(differences, np.zeros([40, 1]))
  assert math.log(actual) == pytest.approx(math.log(expected), abs=0.35)


def test_few_levels_give_no_tiny_p_value():
  """Three levels of one sign: Student's tails are long, the bootstrap's not."""
  differences = np.array([[1.0], [2.0], [3.0]])
  expected = stats.ttest_1samp(differences.ravel(), 0).pvalue  # 0.07
  actual = statistics.paired_p_value(differences, np.zeros([3, 1]))
  assert expected / 2 < actual < 2 * expected


def test_p_value_of_no_difference_and_of_one_episode():
  accuracies = np.random.default_rng(0).uniform(size=[5, 4])
  assert statistics.paired_p_value(accuracies, accuracies) == 1
  assert math.isnan(statistics.paired_p_value([[0.75]], [[0.5]]))


def test_holm_by_hand():
  actual = statistics.holm([0.04, 0.01, 0.03, 0.005])
  assert actual == pytest.approx((0.06, 0.03, 0.06, 0.02))
  assert statistics.holm([0.9, 0.8]) == (1.0, 1.0)
  with_nan = statistics.holm([0.01, float("nan"), 0.02])
  assert with_nan[0] == 0.02 and with_nan[2] == 0.02
  assert math.isnan(with_nan[1])


def test_holm_keeps_the_rate_of_false_alarms():
  """Of 1,000 families of 8 true hypotheses, about 50 have a rejection."""
  p_values = np.random.default_rng(0).uniform(size=[1000, 8])
  families = sum(min(statistics.holm(family)) < 0.05 for family in p_values)
  assert 25 < families < 75
