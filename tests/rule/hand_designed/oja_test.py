# SPDX-License-Identifier: Apache-2.0
"""Tests of Oja's rule: a twin in NumPy, and the first principal component."""

import keras
import numpy as np

import lurl_tf
from tests.rule import one_batch


def test_twin():
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  changes = one_batch.propose(lurl_tf.rule.Oja(), weights, inputs)
  expected = []
  for layer in one_batch.layer_arrays(weights, inputs):
    change = np.zeros_like(layer["W"])
    for x in layer["x_below"] - layer["x_below"].mean(0):
      for unit, column in enumerate(layer["W"].T):
        y = x @ column
        change[:, unit] -= y * (x - y * column)
    expected.append(change / one_batch.BATCH)
  one_batch.assert_kernels_only(changes, expected)


def test_biases_and_the_activation_play_no_part():
  weights, inputs = one_batch.draw_weights((4,)), one_batch.draw_inputs()
  rule = lurl_tf.rule.Oja()
  expected = one_batch.propose(rule, weights, inputs)
  shifted = (weights[0]._replace(bias=weights[0].bias + 3),)
  one_batch.assert_same(
    one_batch.propose(rule, shifted, inputs, "tanh"), expected
  )


def test_all_columns_find_the_first_principal_component():
  points, directions = one_batch.elongated_points()
  weights = lurl_tf.layers.initial_weights(5, (3,), (0, 0), "float64")
  for _ in range(400):
    weights = lurl_tf.inner_step(
      lurl_tf.rule.Oja(), weights, points, 0.05, activation="linear"
    )
  cosines = one_batch.directions_of(weights[0].kernel).T @ directions[:, 0]
  np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-6)


def test_without_a_decay_columns_get_length_one():
  points, directions = one_batch.elongated_points()
  weights = lurl_tf.layers.initial_weights(5, (2,), (0, 0), "float64")
  optimizer = lurl_tf.optimizers.FunctionalOptimizer(keras.optimizers.SGD(0.05))
  rule = lurl_tf.rule.Oja()
  for step in range(400):
    changes = one_batch.propose(rule, weights, points, "linear")
    weights, _ = optimizer.apply(weights, changes, (), 0.05, step)
  np.testing.assert_allclose(
    np.abs(weights[0].kernel.numpy().T @ directions[:, 0]), 1, atol=1e-6
  )
