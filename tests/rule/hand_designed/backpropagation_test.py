# SPDX-License-Identifier: Apache-2.0
"""Tests of backpropagation as a rule, against TensorFlow's own gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.rule import Backpropagation
from lurl_tf.structures import LayerWeights
from tests.rule import one_batch

CLASSES = 3


def draw_targets(seed=0):
  labels = np.random.default_rng([3, seed]).integers(CLASSES, size=9)
  return tf.one_hot(labels, CLASSES, dtype=tf.float64)


def gradient(weights, inputs, targets, activation):
  """TensorFlow's gradient of the mean loss; of kernels and biases."""
  with tf.GradientTape() as tape:
    tape.watch(weights)
    activations = lurl_tf.forward(weights, inputs, activation)
    loss = tf.reduce_mean(
      tf.nn.softmax_cross_entropy_with_logits(
        targets, activations.pre_activations[-1][..., :CLASSES]
      )
    )
  parts = [(layer.kernel, layer.bias) for layer in weights]
  return tape.gradient(loss, parts)


def kernels_and_biases(changes):
  return [(change.kernel, change.bias) for change in changes]


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
@pytest.mark.parametrize("units", [(4,), (5, 3), (5, 4, 6)])
def test_proposals_are_the_gradient(activation, units):
  weights, inputs = one_batch.draw_weights(units), one_batch.draw_inputs()
  targets = draw_targets()
  rule = Backpropagation(activation).with_targets(targets)
  changes = one_batch.propose(rule, weights, inputs, activation)
  one_batch.assert_same(
    kernels_and_biases(changes),
    gradient(weights, inputs, targets, activation),
    1e-9,
  )
  for change in changes:
    np.testing.assert_array_equal(change.backward_kernel, change.kernel)


def test_every_task_gets_the_gradient_of_its_own_loss():
  weights = [one_batch.draw_weights(seed=seed) for seed in range(3)]
  inputs = [one_batch.draw_inputs(seed) for seed in range(3)]
  targets = [draw_targets(seed) for seed in range(3)]
  expected = [
    gradient(*task, activation="silu") for task in zip(weights, inputs, targets)
  ]
  changes = one_batch.propose(
    Backpropagation("silu").with_targets(tf.stack(targets)),
    one_batch.stack_tasks(weights),
    tf.stack(inputs),
    "silu",
  )
  one_batch.assert_same(
    kernels_and_biases(changes), one_batch.stack_tasks(expected), 1e-9
  )


@pytest.mark.parametrize("activation", [None, "softmax", keras.ops.softplus])
def test_other_activations(activation):
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  targets = draw_targets()
  changes = one_batch.propose(
    Backpropagation(activation).with_targets(targets),
    weights,
    inputs,
    activation,
  )
  one_batch.assert_same(
    kernels_and_biases(changes),
    gradient(weights, inputs, targets, activation),
    1e-9,
  )


def test_feedback_alignment_sends_the_error_through_the_backward_kernel():
  """Where V is W, the proposals are exact; elsewhere the top layer's are."""
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  exact = Backpropagation().with_targets(draw_targets())
  aligned = Backpropagation(feedback="backward_kernel").with_targets(
    draw_targets()
  )
  symmetric = tuple(
    LayerWeights(layer.kernel, layer.bias, layer.kernel) for layer in weights
  )
  expected = kernels_and_biases(one_batch.propose(exact, weights, inputs))
  one_batch.assert_same(
    kernels_and_biases(one_batch.propose(aligned, symmetric, inputs)), expected
  )
  changes = one_batch.propose(aligned, weights, inputs)
  one_batch.assert_same(kernels_and_biases(changes)[1], expected[1])
  assert np.max(np.abs(changes[0].kernel - expected[0][0])) > 1e-2
  assert not any(np.any(change.backward_kernel) for change in changes)
  # Another W above changes the error of the layer below not at all, given
  # the error above; so it must depend on V alone.
  negated = (
    weights[0],
    weights[1]._replace(backward_kernel=-weights[1].backward_kernel),
  )
  one_batch.assert_same(
    one_batch.propose(aligned, negated, inputs)[0].kernel, -changes[0].kernel
  )


@pytest.mark.parametrize("feedback", ["kernel", "backward_kernel"])
def test_it_learns(feedback):
  generator = np.random.default_rng(2)
  labels = np.arange(90) % CLASSES
  inputs = generator.normal(size=(CLASSES, 6))[labels]
  inputs = inputs + 0.3 * generator.normal(size=inputs.shape)
  targets = tf.one_hot(labels, CLASSES, dtype=tf.float64)
  rule = Backpropagation(feedback=feedback).with_targets(targets)
  weights = one_batch.draw_weights((8, 4))
  for _ in range(60):
    weights = lurl_tf.inner_step(rule, weights, inputs, learning_rate=0.1)
  logits = lurl_tf.forward(weights, inputs).pre_activations[-1][:, :CLASSES]
  assert np.mean(np.argmax(logits, axis=1) == labels) > 0.95


def test_without_targets():
  with pytest.raises(ValueError, match="needs targets"):
    lurl_tf.inner_step(
      Backpropagation(), one_batch.draw_weights(), one_batch.draw_inputs()
    )


@pytest.mark.parametrize(
  ("shape", "message"),
  [
    ((9, 5), r"top layer has units, 4. Received: targets of shape \(9, 5\)"),
    ((9, 0), r"Received: targets of shape \(9, 0\)"),
    ((9,), r"Received: targets of shape \(9,\)"),
    ((8, 3), r"batch's shape, \(9,\). Received: .*\(8, 3\)"),
    ((2, 9, 3), r"Received: targets of shape \(2, 9, 3\)"),
  ],
)
def test_targets_that_do_not_fit(shape, message):
  rule = Backpropagation().with_targets(np.zeros(shape))
  with pytest.raises(ValueError, match=message):
    one_batch.propose(rule, one_batch.draw_weights(), one_batch.draw_inputs())


def test_bad_arguments():
  with pytest.raises(ValueError, match="Received: feedback='random'"):
    Backpropagation(feedback="random")
  with pytest.raises(ValueError, match="no_such_activation"):
    Backpropagation("no_such_activation")
