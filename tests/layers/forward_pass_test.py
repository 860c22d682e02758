# SPDX-License-Identifier: Apache-2.0
"""Tests of the base model against NumPy and against Keras's own layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers.forward_pass import (
  batch_moments,
  forward,
  forward_layer,
  normalize,
)
from lurl_tf.structures import LayerWeights

ACTIVATIONS = {
  "relu": lambda z: np.maximum(z, 0),
  "tanh": np.tanh,
  "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
  "linear": lambda z: z,
  "leaky_relu": lambda z: np.where(z > 0, z, np.float32(0.2) * z),
  "silu": lambda z: z / (1 + np.exp(-z)),
  "softplus": lambda z: np.log1p(np.exp(z)),
  "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
}
SIZES = (5, 7, 4)


def draw(dtype="float64", tasks=None, seed=0):
  """Weights of two layers and a batch of nine, as NumPy arrays."""
  generator = np.random.default_rng(seed)
  lead = () if tasks is None else (tasks,)

  def normal(*shape):
    return generator.normal(size=(*lead, *shape)).astype(dtype)

  weights = tuple(
    LayerWeights(normal(below, above), normal(above), normal(below, above))
    for below, above in zip(SIZES[:-1], SIZES[1:])
  )
  return weights, normal(9, SIZES[0])


def numpy_forward(weights, inputs, activation):
  pre_activations, post_activations = [], []
  for kernel, bias, _ in weights:
    linear = inputs @ kernel
    scale = np.sqrt(linear.var(axis=0) + 1e-6)
    pre_activations.append((linear - linear.mean(axis=0)) / scale + bias)
    inputs = activation(pre_activations[-1])
    post_activations.append(inputs)
  return pre_activations, post_activations


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_numpy(activation):
  weights, inputs = draw()
  pre, post = numpy_forward(weights, inputs, ACTIVATIONS[activation])
  result = forward(weights, inputs, activation)
  np.testing.assert_array_equal(result.inputs, inputs)
  assert len(result.pre_activations) == len(result.post_activations) == 2
  for one, other in zip(
    (*result.pre_activations, *result.post_activations), (*pre, *post)
  ):
    assert one.dtype == tf.float64
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
  assert result.features is result.post_activations[-1]


def test_relu_is_the_default_and_a_callable_is_taken():
  weights, inputs = draw()
  default = forward(weights, inputs).features
  np.testing.assert_array_equal(
    default, forward(weights, inputs, "relu").features
  )
  np.testing.assert_array_equal(
    default, forward(weights, inputs, lambda z: tf.maximum(z, 0)).features
  )


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "softplus"])
def test_equals_a_keras_model(activation):
  weights, inputs = draw("float32")
  model = keras.Sequential([keras.Input([SIZES[0]])])
  for kernel, bias, _ in weights:
    dense = keras.layers.Dense(len(bias), use_bias=False)
    # Of its offset and scale, Keras's layer has the offset only: our bias.
    norm = keras.layers.BatchNormalization(scale=False, epsilon=1e-6)
    model.add(dense)
    model.add(norm)
    model.add(keras.layers.Activation(activation))
    dense.set_weights([kernel])
    norm.beta.assign(bias)
  np.testing.assert_allclose(
    forward(weights, inputs, activation).features,
    model(inputs, training=True),
    rtol=1e-5,
    atol=1e-6,
  )


def test_the_backward_kernel_takes_no_part():
  weights, inputs = draw()
  changed = [layer._replace(backward_kernel=None) for layer in weights]
  np.testing.assert_array_equal(
    forward(changed, inputs).features, forward(weights, inputs).features
  )


def test_an_axis_of_tasks_equals_single_tasks():
  weights, inputs = draw(tasks=3)
  together = forward(weights, inputs, "tanh")
  for task in range(3):
    own = [LayerWeights(*(each[task] for each in layer)) for layer in weights]
    alone = forward(own, inputs[task], "tanh")
    for one, other in zip(
      tf.nest.flatten(together), tf.nest.flatten(alone), strict=True
    ):
      np.testing.assert_allclose(one[task], other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_equals_eager(jit_compile):
  weights, inputs = draw("float32")
  compiled = tf.function(forward, jit_compile=jit_compile)
  for one, other in zip(
    tf.nest.flatten(compiled(weights, inputs)),
    tf.nest.flatten(forward(weights, inputs)),
    strict=True,
  ):
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_normalization_uses_the_population_variance_without_scale():
  values = np.array([[0.0, 3.0], [2.0, 3.0], [4.0, 3.0]])
  np.testing.assert_allclose(
    normalize(values, batch_moments(tf.constant(values))),
    [[-np.sqrt(1.5), 0], [0, 0], [np.sqrt(1.5), 0]],
    rtol=1e-6,
  )


def test_one_layer():
  weights, inputs = draw()
  pre, post = forward_layer(weights[0], tf.constant(inputs), "tanh")
  np.testing.assert_allclose(post, np.tanh(pre), rtol=1e-12)
  result = forward(weights, inputs, "tanh")
  np.testing.assert_array_equal(pre, result.pre_activations[0])


def test_inputs_take_the_dtype_of_the_weights():
  weights, inputs = draw("float32")
  result = forward(weights, inputs.astype(np.float64))
  assert result.inputs.dtype == result.features.dtype == tf.float32


def test_an_unknown_activation_is_named():
  weights, inputs = draw()
  with pytest.raises(ValueError, match="no_such_activation"):
    forward(weights, inputs, "no_such_activation")
