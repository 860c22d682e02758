# SPDX-License-Identifier: Apache-2.0
"""Tests of the unroll against a Python loop over the library's functions."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.unroll import MetaParameters, score, unroll
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.structures import LayerWeights
from tests import tiny_meta

SLOTS, MAX_STEPS = 2, 5
RATES = (0.3, 0.05)

CASES = {
  "plain": ("pooled", (6,), 4, 1, "relu", UnrollConfig(max_steps=MAX_STEPS)),
  "every_second_state": (
    "published",
    (7, 6),
    4,
    1,
    "relu",
    UnrollConfig(max_steps=MAX_STEPS, evaluate_every=2, recompute="never"),
  ),
  "everything": (
    "pooled",
    (7, 6),
    2,
    3,
    "tanh",
    UnrollConfig(
      max_steps=MAX_STEPS,
      evaluate_every=2,
      ridge=0.2,
      penalty_in_loss=True,
      scored_layers="all",
    ),
  ),
}


def python_loop(
  rule, config, activation, log_rates, state, clock, data, length, slot
):
  """One slot, step by step; its next weights and metrics."""
  weights = tuple(
    LayerWeights(*(each[slot] for each in layer)) for layer in state.weights
  )
  age, horizon = int(clock.age[slot]), int(clock.horizon[slot])

  metrics = []
  for step in range(length):
    progress = min((age + step) / horizon, 1.0)
    first, last = tf.unstack(log_rates)
    weights = lurl_tf.inner_step(
      rule,
      weights,
      data.batches[step, slot],
      tf.exp((1 - progress) * first + progress * last),
      activation,
    )
    if (step + 1) % config.evaluate_every:
      continue
    index = step // config.evaluate_every
    for draw in range(data.episodes.support_inputs.shape[2]):
      support, support_targets, query, query_targets = (
        each[index, slot, draw] for each in data.episodes[:4]
      )
      activations = lurl_tf.forward(
        weights, tf.concat([support, query], axis=0), activation
      )
      features = activations.features
      if config.scored_layers == "all":
        features = tf.concat(activations.post_activations, axis=-1)
      value = lurl_tf.ridge_objective(
        features[: len(support)],
        support_targets,
        features[len(support) :],
        query_targets,
        ridge=config.ridge,
        relative_ridge=config.relative_ridge,
        penalty_in_loss=config.penalty_in_loss,
      )
      metrics.append([getattr(value, name) for name in UnrollMetrics._fields])
  return weights, [tf.add_n(column) / len(column) for column in zip(*metrics)]


def pad_with_nan(data, length, config):
  """Stacks with NaN wherever a truncation of this length must not look."""
  scored = length // config.evaluate_every

  def pad(array, used):
    values = array.numpy()
    assert len(values) > used
    values[used:] = np.nan
    return tf.constant(values)

  return data._replace(
    batches=pad(data.batches, length),
    episodes=type(data.episodes)(
      *(pad(each, scored) for each in data.episodes[:4])
    ),
  )


def relative_difference(one, other):
  one, other = np.asarray(one), np.asarray(other)
  return np.abs(one - other).max() / np.abs(other).max()


@pytest.fixture(scope="module", params=CASES, name="case")
def fixture_case(request):
  """Values and gradients of one loop over all slots, and of Python loops."""
  mixing, units, length, draws, activation, config = CASES[request.param]
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(mixing, "float64"))
  parameters = tiny_meta.make_parameters(rule, RATES)
  state, clock, data = tiny_meta.draw_problem(SLOTS, MAX_STEPS, draws, units)
  flat = tf.nest.flatten(parameters)

  @tf.function(autograph=False)
  def in_graph(flat, data, length):
    with tf.GradientTape() as tape:
      tape.watch(flat)
      next_state, metrics = unroll(
        rule.config,
        config,
        MetaParameters(tuple(flat[:-1]), flat[-1]),
        state,
        clock,
        data,
        length,
        activation,
      )
      loss = tf.reduce_sum(metrics.loss)
    gradients = tape.gradient(loss, flat, unconnected_gradients="zero")
    return next_state, metrics, gradients

  actual = in_graph(
    flat, pad_with_nan(data, length, config), tf.constant(length)
  )
  with tf.GradientTape() as tape:
    tape.watch(parameters.log_rates)
    expected = [
      python_loop(
        rule,
        config,
        activation,
        parameters.log_rates,
        state,
        clock,
        data,
        length,
        slot,
      )
      for slot in range(SLOTS)
    ]
    loss = tf.add_n([metrics[0] for _, metrics in expected])
  gradients = tape.gradient(
    loss,
    [*rule.meta_parameters, parameters.log_rates],
    unconnected_gradients="zero",
  )
  return state, actual, expected, gradients


def test_states_equal_a_python_loop(case):
  state, (next_state, _, _), expected, _ = case
  for slot, (weights, _) in enumerate(expected):
    for one, other, before in zip(
      tf.nest.flatten(next_state.weights),
      tf.nest.flatten(weights),
      tf.nest.flatten(state.weights),
      strict=True,
    ):
      assert relative_difference(one[slot], other) < 1e-11
      assert relative_difference(one[slot], before[slot]) > 1e-3


def test_metrics_equal_a_python_loop(case):
  _, (_, metrics, _), expected, _ = case
  for name, values, *others in zip(
    metrics._fields, metrics, *(each for _, each in expected), strict=True
  ):
    np.testing.assert_allclose(values, others, rtol=1e-11, err_msg=name)
  assert np.ptp(metrics.loss) > 1e-3


def test_gradients_equal_a_python_loop(case):
  _, (_, _, gradients), _, expected = case
  for index, (one, other) in enumerate(zip(gradients, expected, strict=True)):
    largest = np.abs(other).max()
    # Cancelled by a normalisation: nothing but rounding, on both sides.
    if largest < 1e-13:
      assert np.abs(one).max() < 1e-13, index
    else:
      assert relative_difference(one, other) < 1e-9, index
  assert sum(np.abs(each).max() > 1e-8 for each in expected) > 50
  # Both knots of the inner learning rate matter.
  assert np.abs(expected[-1]).min() > 1e-6


def test_eager_equals_the_graph():
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(dtype="float64"))
  config = UnrollConfig(max_steps=2)
  arguments = (
    rule.config,
    config,
    tiny_meta.make_parameters(rule),
    *tiny_meta.draw_problem(2, 2),
    tf.constant(2),
  )
  graph = tf.function(lambda: unroll(*arguments), autograph=False)()
  for one, other in zip(
    tf.nest.flatten(unroll(*arguments)), tf.nest.flatten(graph), strict=True
  ):
    np.testing.assert_allclose(one, other, rtol=1e-11)


def test_progress_stops_at_the_horizon():
  """A slot's last truncation goes on with the last rate."""
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(dtype="float64"))
  config = UnrollConfig(max_steps=1)
  parameters = tiny_meta.make_parameters(rule, RATES)
  state, _, data = tiny_meta.draw_problem(1, 1)
  results = [
    unroll(
      rule.config,
      config,
      parameters,
      state,
      SlotClock(tf.constant([age]), tf.constant([10])),
      data,
      tf.constant(1),
    )
    for age in (10, 29)
  ]
  for one, other in zip(
    tf.nest.flatten((results[0][0].weights, results[0][1])),
    tf.nest.flatten((results[1][0].weights, results[1][1])),
  ):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("classes", [2, 3])
def test_features_get_a_gradient_from_tasks_of_any_number_of_classes(classes):
  state, _, data = tiny_meta.draw_problem(1, 1)
  weights = tf.nest.map_structure(tf.Variable, state.weights)
  episode = tf.nest.map_structure(lambda stack: stack[0], data.episodes)
  rows = classes * tiny_meta.PER_CLASS
  episode = tf.nest.map_structure(lambda array: array[:, :, :rows], episode)
  episode = episode._replace(
    support_targets=episode.support_targets[..., :classes],
    query_targets=episode.query_targets[..., :classes],
  )
  with tf.GradientTape() as tape:
    loss = score(weights, episode, UnrollConfig()).loss
  gradient = tape.gradient(loss, weights[0].kernel)
  assert np.abs(gradient).max() > 1e-3
