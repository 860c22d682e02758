# SPDX-License-Identifier: Apache-2.0
"""The rule's layers against TensorFlow's and Keras's own."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer
from lurl_tf.rule.arithmetic.scope import arithmetic_scope

UNITS, EXAMPLES, CHANNELS, OUTPUTS = 5, 7, 4, 3


def draw(*shape, seed=0):
  return tf.constant(np.random.default_rng([seed, *shape]).normal(size=shape))


def test_linear_is_a_dense_layer():
  inputs = draw(UNITS, EXAMPLES, CHANNELS)
  layer = Linear(draw(CHANNELS, OUTPUTS), draw(OUTPUTS))
  dense = keras.layers.Dense(OUTPUTS, dtype="float64")
  dense.build((None, CHANNELS))
  dense.set_weights([layer.kernel, layer.bias])
  np.testing.assert_allclose(
    channels.linear(inputs, layer), dense(inputs), rtol=1e-12
  )


@pytest.mark.parametrize(
  ("dtype", "relative", "absolute"),
  [("float64", 1e-12, 0.0), ("float32", 1e-5, 1e-5)],
)
def test_projections_are_separate_linear_maps(dtype, relative, absolute):
  """Of groups and maps of several sizes; of float32, by one product."""
  inputs = draw(2, UNITS, EXAMPLES, CHANNELS)
  groups = [
    [
      Linear(draw(CHANNELS, size, seed=s), draw(size, seed=s))
      for s, size in enumerate(sizes)
    ]
    for sizes in ((3, 3, 2), (1,), (5, 4))
  ]
  cast = functools.partial(tf.cast, dtype=dtype)
  with arithmetic_scope(layers="library"):
    outputs = channels.project(
      cast(inputs), tf.nest.map_structure(cast, groups)
    )
  for actual, group in zip(outputs, groups, strict=True):
    for one, layer in zip(actual, group, strict=True):
      np.testing.assert_allclose(
        one, channels.linear(inputs, layer), rtol=relative, atol=absolute
      )


@pytest.mark.parametrize("taps", [1, 3, 5])
@pytest.mark.parametrize("size", [1, 2, 7])
def test_convolution_over_examples_is_tensorflows(taps, size):
  inputs, kernel = (
    draw(UNITS, size, CHANNELS),
    draw(taps, CHANNELS, OUTPUTS),
  )
  expected = tf.nn.conv1d(inputs, kernel, stride=1, padding="SAME")
  actual = channels.convolve(inputs, kernel, channels.EXAMPLES_AXIS)
  np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


def test_convolution_over_units_is_tensorflows():
  inputs, kernel = (
    draw(UNITS, EXAMPLES, CHANNELS),
    draw(3, CHANNELS, OUTPUTS),
  )
  swapped = tf.transpose(inputs, [1, 0, 2])
  expected = tf.transpose(
    tf.nn.conv1d(swapped, kernel, stride=1, padding="SAME"), [1, 0, 2]
  )
  actual = channels.convolve(inputs, kernel, channels.UNITS_AXIS)
  np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


def test_convolution_with_a_kernel_per_task():
  inputs = draw(2, UNITS, EXAMPLES, CHANNELS)
  kernels = draw(2, 3, CHANNELS, OUTPUTS)
  together = channels.convolve(inputs, kernels, channels.UNITS_AXIS)
  for task in range(2):
    alone = channels.convolve(inputs[task], kernels[task], channels.UNITS_AXIS)
    np.testing.assert_allclose(together[task], alone, rtol=1e-12)


def test_pooling_against_numpy():
  inputs, kernel = (
    draw(UNITS, EXAMPLES, CHANNELS),
    draw(3, CHANNELS, OUTPUTS),
  )
  x, (own, examples, units) = inputs.numpy(), kernel.numpy()
  expected = (
    x @ own
    + x.mean(axis=1, keepdims=True) @ examples
    + x.mean(axis=0, keepdims=True) @ units
  )
  np.testing.assert_allclose(channels.pool(inputs, kernel), expected)


@pytest.mark.parametrize("mixing", ["published", "pooled"])
def test_constants_are_channels_that_all_examples_share(mixing):
  inputs, constants = draw(UNITS, EXAMPLES, CHANNELS), draw(UNITS, 1, 2)
  layer = Mixer(draw(3, 2 + CHANNELS, OUTPUTS), draw(OUTPUTS))
  repeated = np.repeat(constants, EXAMPLES, axis=1)
  joined = tf.constant(np.concatenate([repeated, inputs], axis=-1))
  axis = channels.EXAMPLES_AXIS
  np.testing.assert_allclose(
    channels.mix(inputs, layer, mixing, axis, constants),
    channels.mix(joined, layer, mixing, axis),
    rtol=1e-12,
  )


def test_normalization_is_keras_batch_normalization():
  inputs, offset = draw(UNITS, EXAMPLES, CHANNELS), draw(1, 1, CHANNELS)
  norm = keras.layers.BatchNormalization(
    scale=False, epsilon=1e-3, dtype="float64"
  )
  norm.build(inputs.shape)
  norm.beta.assign(offset[0, 0])
  np.testing.assert_allclose(
    channels.normalize(inputs, offset),
    norm(inputs, training=True),
    rtol=1e-6,  # Keras computes its moments in another order
    atol=1e-9,
  )


@pytest.mark.parametrize("mixing", ["published", "pooled"])
def test_bias_before_normalization_has_no_effect(mixing):
  inputs = draw(UNITS, EXAMPLES, CHANNELS)
  layer = NormalizedMixer(
    draw(3, CHANNELS, OUTPUTS), draw(OUTPUTS), draw(1, 1, OUTPUTS)
  )
  mixed = channels.mix(inputs, layer, mixing, channels.EXAMPLES_AXIS)
  expected = tf.nn.relu(channels.normalize(mixed + layer.bias, layer.offset))
  actual = channels.mix_and_normalize(
    inputs, layer, mixing, channels.EXAMPLES_AXIS
  )
  np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)
