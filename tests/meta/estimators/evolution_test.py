# SPDX-License-Identifier: Apache-2.0
"""Tests of all evolution strategies, mostly on a task with exact gradients."""

import dataclasses

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from lurl_tf.meta.estimators import (
  EstimatorConfig,
  EvolutionStrategies,
  PersistentEvolutionStrategies,
  SinglePerturbationEvolution,
  TruncatedBackpropagation,
  particles,
  split_seeds,
)
from tests.meta.estimators import toy_task

KINDS = {
  "es": EvolutionStrategies,
  "pes": PersistentEvolutionStrategies,
  "es_single": SinglePerturbationEvolution,
}
CONFIG = EstimatorConfig(pairs=3, perturbation=0.1)


def make(kind, **fields):
  config = dataclasses.replace(CONFIG, **fields)
  return KINDS[kind](config, toy_task.TRAINED)


def perturbations(seed, number):
  """What a truncation draws, `[t, p, n]`."""
  seeds = split_seeds(tf.constant([seed, number]), toy_task.SLOTS)
  return particles.draw_perturbations(
    seeds, CONFIG.pairs, CONFIG.perturbation, toy_task.TRAINED, "float64"
  ).numpy()


def test_perturbations_are_normal_and_masked():
  mask = np.arange(5000) % 2 > 0
  drawn = particles.draw_perturbations(
    tf.constant([[1, 2], [1, 3]]), 4, 0.5, mask, "float32"
  ).numpy()
  assert drawn.shape == (2, 4, 5000)
  np.testing.assert_array_equal(drawn != 0, np.broadcast_to(mask, drawn.shape))
  for each in drawn[..., mask].reshape(8, -1):
    assert scipy.stats.kstest(each / 0.5, "norm").pvalue > 1e-3
  correlations = np.corrcoef(drawn[..., mask].reshape(8, -1)) - np.eye(8)
  assert np.abs(correlations).max() < 0.08


def losses(parameters, values, length):
  """Twin in NumPy: the mean loss of `[t]` numbers, and where they end."""
  total = np.zeros(toy_task.SLOTS)
  for _ in range(length):
    values = toy_task.KEPT * values + parameters @ toy_task.WEIGHTS
    total = total + (values - toy_task.TARGETS) ** 2 / 2 / length
  return total, values


def twin(kind, truncations, length, seed):
  """The estimates of one life, pair by pair in NumPy."""
  slots, size = toy_task.SLOTS, len(toy_task.PARAMETERS)
  estimates = []
  own = np.zeros(slots)
  values = np.zeros([2, CONFIG.pairs, slots])
  total = np.zeros([slots, CONFIG.pairs, size])
  single = None
  for number in range(1, truncations + 1):
    drawn = perturbations(seed, number)
    if kind == "es_single":
      if single is None:
        start = tf.random.fold_in(tf.constant([seed, 0]), 2**30, alg="philox")
        single = particles.draw_perturbations(
          split_seeds(start, slots),
          CONFIG.pairs,
          CONFIG.perturbation,
          toy_task.TRAINED,
          "float64",
        ).numpy()
      drawn = single
    direction = drawn
    if kind == "pes":
      total = direction = total + drawn
    gradient = np.zeros([slots, size])
    for pair in range(CONFIG.pairs):
      each = []
      for sign, side in ((1, 0), (-1, 1)):
        begin = own if kind == "es" else values[side, pair]
        loss, end = losses(
          toy_task.PARAMETERS + sign * drawn[:, pair], begin, length
        )
        values[side, pair] = end
        each.append(loss)
      difference = each[0] - each[1]
      gradient += direction[:, pair] * difference[:, np.newaxis]
    estimates.append(gradient / (2 * CONFIG.perturbation**2 * CONFIG.pairs))
    _, own = losses(toy_task.PARAMETERS, own, length)
  return np.array(estimates)


@pytest.mark.parametrize("kind", KINDS)
def test_each_equals_its_formula(kind):
  actual = toy_task.make_life(make(kind), 3, 4)(5)
  np.testing.assert_allclose(actual, twin(kind, 3, 4, seed=5), rtol=1e-10)
  assert np.abs(actual[..., :2]).min() > 0
  # What is not trained is not perturbed.
  np.testing.assert_array_equal(actual[..., 2], 0)


def test_the_exact_gradients_are_those_of_tensorflow():
  """What the others are compared with, against automatic differentiation."""
  full, truncated = toy_task.exact_gradients(3, 4)
  actual = toy_task.make_life(TruncatedBackpropagation(), 3, 4)(0)
  np.testing.assert_allclose(actual, truncated, rtol=1e-10)
  whole = toy_task.make_life(TruncatedBackpropagation(), 1, 12)(0)
  np.testing.assert_allclose(whole[0], full.mean(axis=0), rtol=1e-10)


def moments(kind, truncations, length, repeats=300):
  """Mean over seeds and its standard error, of a life's mean estimate."""
  life = toy_task.make_life(make(kind, pairs=8), truncations, length)
  lives = np.array([life(seed).mean(axis=0)[:, :2] for seed in range(repeats)])
  return lives.mean(axis=0), lives.std(axis=0, ddof=1) / repeats**0.5


@pytest.mark.parametrize("kind", ["pes", "es_single"])
def test_persistent_ones_have_no_bias(kind):
  full, _ = toy_task.exact_gradients(4, 3)
  mean, error = moments(kind, 4, 3)
  exact = full.mean(axis=0)[:, :2]
  # The error is small enough to tell.
  assert np.abs(error / exact).max() < 0.1
  assert np.abs((mean - exact) / error).max() < 3.5


def test_evolution_on_truncations_has_the_bias_of_truncations():
  full, truncated = toy_task.exact_gradients(4, 3)
  mean, error = moments("es", 4, 3)
  short, exact = (each.mean(axis=0)[:, :2] for each in (truncated, full))
  assert np.abs((mean - short) / error).max() < 3.5
  assert np.abs((mean - exact) / error).min() > 10


@pytest.mark.parametrize("truncations", [4, 12])
def test_a_single_perturbation_does_not_care_about_truncations(truncations):
  """So its variance cannot grow with their number, as that of others does."""

  def mean(kind, truncations):
    life = toy_task.make_life(make(kind), truncations, 12 // truncations)
    return life(5).mean(axis=0)[:, :2]

  np.testing.assert_allclose(
    mean("es_single", truncations), mean("es_single", 1), rtol=1e-10
  )
  for kind in ("pes", "es"):
    assert (
      np.abs(mean(kind, truncations) / mean(kind, 1) - 1)[:, :2].max() > 0.1
    )


@pytest.mark.parametrize("kind", KINDS)
def test_slots_do_not_influence_each_other(kind):
  """Also not by their number: the first is the same without the second."""
  estimator, task = make(kind), toy_task.ToyTask()

  def first(slots, targets):
    zeros = tf.zeros([slots], tf.int32)
    return estimator.estimate(
      task,
      tf.constant(toy_task.PARAMETERS),
      estimator.init(task, tf.constant([1, 2]), slots),
      toy_task.SlotClock(zeros, zeros),
      tf.constant([targets], tf.float64),
      3,
      split_seeds(tf.constant([3, 4]), slots),
    ).gradients[0]

  expected = first(2, [3.0, -1.0])
  np.testing.assert_array_equal(first(2, [3.0, np.nan]), expected)
  np.testing.assert_allclose(first(1, [3.0]), expected, rtol=1e-12)


def test_differences_are_clipped_unless_they_are_not_finite():
  directions = tf.constant([[[1.0, 2.0]]] * 3, tf.float64)
  differences = tf.constant([[0.5], [-9.0], [np.inf]], tf.float64)
  clipped = particles.project(directions, differences, 1.0, 2.0)
  np.testing.assert_allclose(clipped[:2], [[0.25, 0.5], [-1.0, -2.0]])
  assert not np.isfinite(clipped[2]).any()
  free = particles.project(directions, differences, 1.0, 0.0)
  np.testing.assert_allclose(free[1], [-4.5, -9.0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_particle_that_is_lost_shows(kind):
  """The slot's gradient is not finite, so the trainer skips the slot."""
  estimator, task = make(kind), toy_task.ToyTask()
  state = estimator.init(task, tf.constant([1, 2]), 2)
  estimate = estimator.estimate(
    task,
    tf.constant(toy_task.PARAMETERS),
    state,
    toy_task.clock(),
    tf.constant([[3.0, 1e308]], tf.float64),
    3,
    split_seeds(tf.constant([3, 4]), 2),
  )
  finite = np.isfinite(estimate.gradients).all(axis=1)
  assert finite.tolist() == [True, False]
