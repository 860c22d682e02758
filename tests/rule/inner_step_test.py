# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.rule.inner_step`."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.structures import LayerWeights


def hebbian(weights, activations):
  """A rule of a few lines behind the same protocol."""
  lower = (activations.inputs, *activations.post_activations)
  return tuple(
    LayerWeights(
      -tf.matmul(below, above, transpose_a=True),
      tf.zeros_like(layer.bias),
      tf.zeros_like(layer.backward_kernel),
    )
    for layer, below, above in zip(weights, lower, lower[1:])
  )


def make_weights():
  return lurl_tf.layers.initial_weights(3, (4, 2), (0, 0), "float64")


def test_any_callable_is_a_rule():
  inputs = np.random.default_rng(0).normal(size=(5, 3))
  weights = make_weights()
  stepped = lurl_tf.inner_step(hebbian, weights, inputs, learning_rate=0.1)
  outputs = lurl_tf.forward(weights, inputs).post_activations[0]
  expected = 0.9 * weights[0].kernel + 0.1 * inputs.T @ outputs
  np.testing.assert_allclose(stepped[0].kernel, expected, rtol=1e-12)


def test_numpy_weights_are_taken():
  weights = tuple(
    LayerWeights(*(value.numpy() for value in layer))
    for layer in make_weights()
  )
  inputs = np.random.default_rng(0).normal(size=(5, 3))
  stepped = lurl_tf.inner_step(hebbian, weights, inputs)
  expected = lurl_tf.inner_step(hebbian, make_weights(), inputs)
  for one, other in zip(tf.nest.flatten(stepped), tf.nest.flatten(expected)):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
  ("change", "message"),
  [
    ({"kernel": np.ones((5, 4))}, "Layer 0 must have 3 inputs"),
    ({"backward_kernel": np.ones((4, 3))}, "one shape"),
    ({"bias": np.ones(5)}, "bias of layer 0 must have 4 units"),
  ],
)
def test_shapes_that_do_not_fit(change, message):
  first, second = make_weights()
  weights = (first._replace(**change), second)
  with pytest.raises(ValueError, match=message):
    lurl_tf.inner_step(hebbian, weights, np.ones((5, 3)))


def test_a_batch_of_one():
  with pytest.raises(ValueError, match="at least two examples"):
    lurl_tf.inner_step(hebbian, make_weights(), np.ones((1, 3)))
