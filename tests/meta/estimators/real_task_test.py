# SPDX-License-Identifier: Apache-2.0
"""Tests of estimators on unrolls of a rule, against full backpropagation."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import (
  EstimatorConfig,
  TruncatedBackpropagation,
  get_estimator,
  split_seeds,
)
from lurl_tf.meta.inner.flat_parameters import parameter_mask
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from tests import tiny_meta

SLOTS, TRUNCATIONS, LENGTH = 2, 4, 2
STEPS = TRUNCATIONS * LENGTH
KNOTS = 2
# Small: large ones make unrolls chaotic, and gradients of no use.
RATES = (0.03, 0.03)
RULE = tiny_meta.make_rule_config(dtype="float64")
LOG_RATES = parameter_mask(RULE, KNOTS, ["log_inner"])
ALL = np.ones_like(LOG_RATES)


def make_task(steps=LENGTH):
  """Smooth base models; the rule's own networks have kinks."""
  return TruncatedTask(
    RULE,
    UnrollConfig(max_steps=steps),
    tiny_meta.INPUTS,
    tiny_meta.UNITS,
    "tanh",
  )


@pytest.fixture(scope="module", name="problem")
def fixture_problem():
  """Meta-parameters, and data of a whole life."""
  rule = tiny_meta.make_rule(RULE)
  *_, data = tiny_meta.draw_problem(SLOTS, STEPS)
  return tiny_meta.make_vector(rule, RATES), data


def clock(age=0):
  return SlotClock(tf.fill([SLOTS], age), tf.fill([SLOTS], STEPS))


def make_life(estimator, problem, compiler=None):
  """A function of a seed: `[t, n]`, the mean estimate over a life.

  Without a compiler, "graph" or "xla", it is eager: a few estimates take less
  time than a graph.
  """
  parameters, data = problem
  task = make_task()

  def estimate(state, seed, number):
    rows = tf.range(LENGTH) + number * LENGTH
    return estimator.estimate(
      task,
      parameters,
      state,
      SlotClock(tf.fill([SLOTS], number * LENGTH), tf.fill([SLOTS], STEPS)),
      tf.nest.map_structure(lambda stack: tf.gather(stack, rows), data),
      tf.constant(LENGTH),
      split_seeds(tf.stack([seed, number]), SLOTS),
    )

  if compiler:
    estimate = tf.function(
      estimate, autograph=False, jit_compile=compiler == "xla"
    )

  def life(seed):
    # The same fresh weights, whatever is perturbed.
    state = estimator.init(task, tf.constant([7, 7]), SLOTS)
    if hasattr(state, "seeds"):
      own = tf.constant([[seed, slot] for slot in range(SLOTS)])
      state = state._replace(seeds=own)
    gradients = []
    for number in range(TRUNCATIONS):
      with plain_graphs():
        result = estimate(state, tf.constant(seed), tf.constant(number))
      state = result.state
      gradients.append(result.gradients)
    return np.mean(gradients, axis=0)

  return life


def exact(problem):
  parameters, data = problem
  task = make_task(STEPS)
  result = TruncatedBackpropagation().estimate(
    task,
    parameters,
    task.init(tf.constant([7, 7]), SLOTS),
    clock(),
    data,
    tf.constant(STEPS),
    tf.zeros([SLOTS, 2], tf.int32),
  )
  return result.gradients.numpy()


@pytest.fixture(scope="module", name="truncated")
def fixture_truncated(problem):
  """The mean estimate of truncated backpropagation, which draws nothing."""
  return make_life(TruncatedBackpropagation(), problem)(0)


@pytest.fixture(scope="module", name="full")
def fixture_full(problem):
  return exact(problem)


@pytest.mark.parametrize("kind", ["pes", "es_single"])
def test_persistent_ones_agree_with_full_backpropagation(
  kind, problem, truncated, full
):
  """By the log rates; truncated backpropagation is far off."""
  config = EstimatorConfig(kind, pairs=8, perturbation=0.02)
  estimator = get_estimator(config, RULE, KNOTS, LOG_RATES)
  life = make_life(estimator, problem, "graph")
  lives = np.array([life(seed) for seed in range(40)])
  np.testing.assert_array_equal(lives[..., ~LOG_RATES], 0)
  mean = lives.mean(axis=0)[:, LOG_RATES]
  error = lives.std(axis=0, ddof=1)[:, LOG_RATES] / len(lives) ** 0.5
  expected = full[:, LOG_RATES]
  print(kind, expected, mean, error)
  assert np.abs((mean - expected) / error).max() < 3.5
  assert np.abs((truncated[:, LOG_RATES] - expected) / error).max() > 6


def test_es_is_the_derivative_along_its_perturbations(problem):
  """One pair of tiny perturbations of all numbers, against a gradient."""
  config = EstimatorConfig("es", pairs=1, perturbation=1e-6)
  task, (parameters, data) = make_task(), problem
  data = tf.nest.map_structure(lambda stack: stack[:LENGTH], data)
  state = task.init(tf.constant([7, 7]), SLOTS)
  arguments = (task, parameters, state, clock(), data, tf.constant(LENGTH))
  seeds = split_seeds(tf.constant([1, 2]), SLOTS)
  estimate = get_estimator(config, RULE, KNOTS, ALL).estimate(*arguments, seeds)
  gradient = TruncatedBackpropagation().estimate(*arguments, seeds)
  # The estimate is eps (eps . g) / sigma**2: along eps by its own length.
  actual = estimate.gradients.numpy()
  direction = actual / np.linalg.norm(actual, axis=1, keepdims=True)
  slope = (direction * gradient.gradients.numpy()).sum(axis=1)
  # The squared length of eps / sigma is near the number of dimensions.
  ratio = np.linalg.norm(actual, axis=1) / slope / actual.shape[1]
  assert np.abs(ratio - 1).max() < 0.1
  tiny_meta.assert_all_equal(estimate.metrics, gradient.metrics)
  tiny_meta.assert_all_equal(estimate.state, gradient.state)


def test_a_mixture_is_its_two_parts(problem, truncated):
  group = parameter_mask(RULE, KNOTS, ["coeffs", "log_inner"])
  config = EstimatorConfig(
    "mixture", pairs=2, evolved=("coeffs", "log_inner"), evolution="pes"
  )
  mixture = make_life(get_estimator(config, RULE, KNOTS, ALL), problem)(3)
  evolved = EstimatorConfig("pes", pairs=2)
  evolved = make_life(get_estimator(evolved, RULE, KNOTS, group), problem)(3)
  expected = np.where(group, evolved, truncated)
  np.testing.assert_allclose(mixture, expected, rtol=1e-9, atol=1e-13)
  assert 0 < group.sum() < 40


def test_a_mixture_of_nothing_is_refused():
  for evolved, trained in (
    (("log_inner",), ~LOG_RATES),
    ((".",), ALL),
  ):
    config = EstimatorConfig("mixture", evolved=evolved)
    with pytest.raises(ValueError, match="`evolved` must match some"):
      get_estimator(config, RULE, KNOTS, trained)


def test_a_compiled_estimate_equals_an_eager_one(problem):
  config = EstimatorConfig("pes", pairs=1, perturbation=0.02)
  estimator = get_estimator(config, RULE, KNOTS, LOG_RATES)
  compiled, plain = (
    make_life(estimator, problem, compiler)(0) for compiler in ("xla", None)
  )
  np.testing.assert_allclose(compiled, plain, rtol=1e-6)
  assert np.abs(plain[:, LOG_RATES]).min() > 0


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"pairs": 0}, "pairs=0"),
    ({"perturbation": 0.0}, "perturbation=0.0"),
    ({"clip_difference": -1.0}, "clip_difference=-1.0"),
    ({"name": "mixture", "evolved": ()}, "evolved=()"),
  ],
)
def test_a_bad_config_is_refused(fields, message):
  with pytest.raises(ValueError, match=message):
    EstimatorConfig(**fields)
