# SPDX-License-Identifier: Apache-2.0
"""Tests of imitation against NumPy, and against single steps."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.meta import ImitationConfig, UnrollConfig
from lurl_tf.meta.inner.imitation import imitation_error
from lurl_tf.meta.inner.unroll import unroll
from lurl_tf.rule.learned.update_rule import propose_changes
from lurl_tf.structures import LayerWeights
from tests import tiny_meta

SLOTS, STEPS = 2, 4
CONFIG = ImitationConfig(
  "soft_winner_take_all", kernel_change=0.5, bias_change=0.125
)


def softmax(values, axis):
  exponentials = np.exp(values - values.max(axis, keepdims=True))
  return exponentials / exponentials.sum(axis, keepdims=True)


def numpy_error(changes, activations):
  """Of one task; the teacher is soft winner-take-all of sharpness 10."""
  total, below = 0.0, activations.inputs.numpy()
  for change, pre, post in zip(
    changes, activations.pre_activations, activations.post_activations
  ):
    share = softmax(10.0 * pre.numpy(), axis=1)
    won = (below - below.mean(axis=0)).T @ (share / share.sum(axis=0))
    target = -0.5 * won / np.sqrt(np.mean(won**2, axis=0) + 1e-8)
    for kernel in (change.kernel, change.backward_kernel):
      total += np.mean((kernel - target) ** 2) / 0.25 / 2
    total += np.mean((change.bias - 0.125) ** 2)
    below = post.numpy()
  return total / len(changes)


@pytest.fixture(name="problem")
def fixture_problem():
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(dtype="float64"))
  return rule, *tiny_meta.draw_problem(SLOTS, STEPS)


def proposals(rule, weights, inputs):
  activations = lurl_tf.forward(weights, inputs)
  changes = propose_changes(
    rule.config, rule.parameters(), weights, activations
  )
  return changes, activations


def test_error_equals_numpy(problem):
  rule, state, _, data = problem
  changes, activations = proposals(rule, state.weights, data.batches[0])
  actual = imitation_error(CONFIG, changes, state.weights, activations)
  expected = []
  for slot in range(SLOTS):
    own = tf.nest.map_structure(lambda a, i=slot: a[i], (changes, activations))
    expected.append(numpy_error(*own))
  np.testing.assert_allclose(actual, expected, rtol=1e-10)
  assert abs(expected[0] - expected[1]) > 1e-3


def test_a_perfect_pupil_has_no_error(problem):
  _, state, _, data = problem
  activations = lurl_tf.forward(state.weights, data.batches[0])
  taught = lurl_tf.rule.SoftWinnerTakeAll()(state.weights, activations)
  changes = []
  for layer in taught:
    power = tf.reduce_mean(tf.square(layer.kernel), axis=-2, keepdims=True)
    kernel = 0.5 * layer.kernel / tf.sqrt(power + 1e-8)
    bias = tf.fill(layer.bias.shape, tf.constant(0.125, tf.float64))
    changes.append(LayerWeights(kernel, bias, kernel))
  error = imitation_error(CONFIG, changes, state.weights, activations)
  np.testing.assert_allclose(error, np.zeros(SLOTS), atol=1e-15)


@pytest.mark.parametrize("evaluate_every", [1, 2])
def test_an_unroll_learns_from_single_steps(problem, evaluate_every):
  """States go on by the rule's own proposals, and carry no gradient.

  The errors that count are of the steps before scored states.
  """
  rule, state, clock, data = problem
  parameters = tiny_meta.make_parameters(rule, (0.3, 0.05))
  config = UnrollConfig(max_steps=STEPS, evaluate_every=evaluate_every)
  with tf.GradientTape() as tape:
    tape.watch(parameters.rule)
    next_state, metrics = unroll(
      rule.config,
      dataclasses.replace(config, imitation=CONFIG),
      parameters,
      state,
      clock,
      data,
      tf.constant(STEPS),
    )
    loss = tf.reduce_sum(metrics.loss)
  actual = tape.gradient(loss, parameters.rule, unconnected_gradients="zero")

  plain_state, plain_metrics = unroll(
    rule.config,
    config,
    parameters,
    state,
    clock,
    data,
    tf.constant(STEPS),
  )
  for one, other in zip(
    tf.nest.flatten(next_state), tf.nest.flatten(plain_state), strict=True
  ):
    np.testing.assert_allclose(one, other, rtol=1e-12)
  np.testing.assert_allclose(metrics.accuracy, plain_metrics.accuracy)

  scored_steps = range(evaluate_every - 1, STEPS, evaluate_every)
  errors, gradients, weights = [], [], state.weights
  for step in range(STEPS):
    with tf.GradientTape() as tape:
      changes, activations = proposals(rule, weights, data.batches[step])
      error = imitation_error(CONFIG, changes, weights, activations)
      mean = tf.reduce_sum(error) / len(scored_steps)
    if step in scored_steps:
      errors.append(error)
      gradients.append(
        tape.gradient(mean, rule.meta_parameters, unconnected_gradients="zero")
      )
    moved, _ = unroll(
      rule.config,
      UnrollConfig(max_steps=STEPS),
      parameters,
      state,
      clock,
      data,
      tf.constant(step + 1),
    )
    weights = moved.weights
  np.testing.assert_allclose(metrics.loss, np.mean(errors, axis=0), rtol=1e-11)
  expected = [np.sum(column, axis=0) for column in zip(*gradients)]
  largest = max(np.abs(each).max() for each in expected)
  assert largest > 1e-3
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12 * largest)


def test_a_few_steps_of_imitation_lower_the_error():
  config = tiny_meta.make_config(
    # Not by XLA: compiling would take longer than all steps.
    unroll={"imitation": CONFIG, "compiler": "graph"},
    units=(6,),
    slots=1,
    term_coefficient=10.0,
    learning_rate=1e-2,
  )
  trainer = tiny_meta.make_trainer(config)
  first = trainer.train(5)
  trainer.train(40)
  assert trainer.train(5).loss < 0.7 * first.loss


@pytest.mark.parametrize(
  "bad",
  [
    {"teacher": "backpropagation"},
    {"teacher": "oja's"},
    {"kernel_change": 0.0},
    {"kernel_change": float("inf")},
    {"bias_change": float("nan")},
  ],
)
def test_bad_options_are_named(bad):
  ((name, value),) = bad.items()
  with pytest.raises(ValueError, match=f"Received: {name}={value!r}"):
    ImitationConfig(**bad)


def test_query_inputs_do_not_matter(problem):
  """The read-out's data do not matter to a rule that imitates."""
  rule, state, clock, data = problem
  parameters = tiny_meta.make_parameters(rule)
  config = UnrollConfig(max_steps=STEPS, imitation=CONFIG)
  other = data._replace(
    episodes=data.episodes._replace(
      query_inputs=data.episodes.query_inputs[..., ::-1]
    )
  )
  losses = [
    unroll(rule.config, config, parameters, state, clock, each, tf.constant(2))[
      1
    ].loss
    for each in (data, other)
  ]
  np.testing.assert_array_equal(*losses)
