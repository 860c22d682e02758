# SPDX-License-Identifier: Apache-2.0
"""Tests of Sanger's rule: a twin in NumPy, and principal components."""

import keras
import numpy as np

import lurl_tf
from tests.rule import one_batch


def test_twin():
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  changes = one_batch.propose(lurl_tf.rule.Sanger(), weights, inputs)
  expected = []
  for layer in one_batch.layer_arrays(weights, inputs):
    change = np.zeros_like(layer["W"])
    for x in layer["x_below"] - layer["x_below"].mean(0):
      left_over = x.copy()
      for unit, column in enumerate(layer["W"].T):
        y = x @ column
        left_over -= y * column
        change[:, unit] -= y * left_over
    expected.append(change / one_batch.BATCH)
  one_batch.assert_kernels_only(changes, expected)


def test_one_unit_is_ojas_rule():
  weights, inputs = one_batch.draw_weights((1,)), one_batch.draw_inputs()
  one_batch.assert_same(
    one_batch.propose(lurl_tf.rule.Sanger(), weights, inputs),
    one_batch.propose(lurl_tf.rule.Oja(), weights, inputs),
  )


def test_column_j_finds_principal_component_j():
  points, directions = one_batch.elongated_points()
  weights = lurl_tf.layers.initial_weights(5, (3,), (0, 0), "float64")
  optimizer = lurl_tf.optimizers.FunctionalOptimizer(keras.optimizers.SGD(0.05))
  rule = lurl_tf.rule.Sanger()
  for step in range(800):
    changes = one_batch.propose(rule, weights, points, "linear")
    weights, _ = optimizer.apply(weights, changes, (), 0.05, step)
  cosines = weights[0].kernel.numpy().T @ directions[:, :3]
  np.testing.assert_allclose(np.abs(cosines), np.eye(3), atol=1e-5)


def test_components_are_found_under_the_published_optimizer_too():
  """Its decay shortens the columns, and turns none of the first."""
  points, directions = one_batch.elongated_points()
  weights = lurl_tf.layers.initial_weights(5, (1,), (0, 0), "float64")
  for _ in range(400):
    weights = lurl_tf.inner_step(
      lurl_tf.rule.Sanger(), weights, points, 0.05, activation="linear"
    )
  cosine = one_batch.directions_of(weights[0].kernel)[:, 0] @ directions[:, 0]
  np.testing.assert_allclose(abs(cosine), 1, atol=1e-6)
