# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's own layers against the rule's, which are of matrix products."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.library_layers import in_use
from lurl_tf.rule.arithmetic.mixers import Linear
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from tests import tiny_meta
from tests.rule.nearest_bfloat16 import nearest_bfloat16

TASKS, UNITS, EXAMPLES, CHANNELS, OUTPUTS = 2, 5, 7, 4, 3


def draw(*shape, seed=0):
  return np.random.default_rng([seed, *shape]).normal(size=shape)


def value_and_gradients(layer, arrays, dtype, scope=None):
  """Of the sum of squares of a layer's outputs, all as float64."""
  inputs = [tf.constant(each, dtype) for each in arrays]
  with tf.GradientTape() as tape:
    tape.watch(inputs)
    if scope is None:
      outputs = layer(*inputs)
    else:
      with arithmetic_scope(layers="library", product_dtype=scope):
        outputs = layer(*inputs)
    loss = tf.reduce_sum(tf.square(tf.cast(outputs, dtype)))
  gradients = tape.gradient(loss, inputs)
  return [tf.cast(each, tf.float64).numpy() for each in (outputs, *gradients)]


@pytest.mark.parametrize("axis", [channels.EXAMPLES_AXIS, channels.UNITS_AXIS])
@pytest.mark.parametrize("taps", [1, 3, 5])
@pytest.mark.parametrize("own", [(), (TASKS,)])
def test_convolution_and_its_gradients(axis, taps, own):
  arrays = (
    draw(TASKS, UNITS, EXAMPLES, CHANNELS),
    draw(*own, taps, CHANNELS, OUTPUTS),
  )

  def layer(inputs, kernel):
    return channels.convolve(inputs, kernel, axis)

  expected = value_and_gradients(layer, arrays, "float64")
  actual = value_and_gradients(layer, arrays, "float32", "float32")
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("axis", [channels.EXAMPLES_AXIS, channels.UNITS_AXIS])
@pytest.mark.parametrize("size", [1, 2])
def test_axes_shorter_than_the_kernel(axis, size):
  arrays = draw(1, size, size, CHANNELS), draw(5, CHANNELS, OUTPUTS)

  def layer(inputs, kernel):
    return channels.convolve(inputs, kernel, axis)

  expected = value_and_gradients(layer, arrays, "float64")
  actual = value_and_gradients(layer, arrays, "float32", "float32")
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("own", [(), (TASKS,)])
def test_normalisation_and_its_gradients(own):
  arrays = (
    draw(TASKS, UNITS, EXAMPLES, CHANNELS),
    draw(*own, 1, 1, CHANNELS),
  )
  expected = value_and_gradients(channels.normalize, arrays, "float64")
  actual = value_and_gradients(channels.normalize, arrays, "float32", "float32")
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_convolution_without_a_leading_axis():
  arrays = draw(UNITS, EXAMPLES, CHANNELS), draw(3, CHANNELS, OUTPUTS)

  def layer(inputs, kernel):
    return channels.convolve(inputs, kernel, channels.UNITS_AXIS)

  expected = value_and_gradients(layer, arrays, "float64")
  actual = value_and_gradients(layer, arrays, "float32", "float32")
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_rounded_factors_are_summed_in_float32():
  """The error is that of one rounding of the result: 2**-9 of it."""
  inputs, kernel = draw(1, 4, 6, 64), draw(3, 64, 8)
  nearest = (tf.constant(nearest_bfloat16(each)) for each in (inputs, kernel))
  expected = channels.convolve(*nearest, -2)
  with arithmetic_scope(layers="library", product_dtype="bfloat16"):
    actual = channels.convolve(
      tf.constant(inputs, tf.float32), tf.constant(kernel, tf.float32), -2
    )
  assert actual.dtype == tf.bfloat16
  np.testing.assert_allclose(
    tf.cast(actual, tf.float64), expected, rtol=2**-8, atol=1e-4
  )


def test_maps_of_rounded_states_are_rounded():
  """The error is that of a rounded product, and of one rounding of the sum.

  CPUs without bfloat16 arithmetic round partial sums, too. So a product may be
  off by a rounding of |x| |W|, and is compared with TensorFlow's own.
  """
  states = tf.cast(draw(1, 4, 6, 64), tf.bfloat16)
  maps = [
    Linear(draw(64, size, seed=size), draw(size, seed=size)) for size in (2, 5)
  ]
  with arithmetic_scope(layers="library", product_dtype="bfloat16"):
    (actual,) = channels.project(
      states,
      [[Linear(*(tf.constant(e, tf.float32) for e in each)) for each in maps]],
    )
  for each, one in zip(maps, actual, strict=True):
    inputs, kernel, bias = map(nearest_bfloat16, (states, *each))
    own = tf.cast(states @ tf.cast(each.kernel, tf.bfloat16), tf.float64)
    value = tf.cast(one, tf.float64)
    assert one.dtype == tf.bfloat16
    assert np.all(np.abs(value - (own + bias)) <= 2**-8 * np.abs(own + bias))
    expected, size = inputs @ kernel + bias, np.abs(inputs) @ np.abs(kernel)
    error = np.abs(value - expected)
    assert np.all(error <= 2**-8 * (size + np.abs(expected)))


def test_only_float32_within_the_scope():
  single, double = (tf.zeros([1], dtype) for dtype in ("float32", "float64"))
  assert not in_use(single)
  with arithmetic_scope(layers="library", product_dtype="float32"):
    assert in_use(single)
    assert not in_use(double)
  assert not in_use(single)


@pytest.mark.parametrize(
  ("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 0.05)]
)
@pytest.mark.parametrize("mixing", ["published", "pooled"])
def test_proposals_are_those_of_the_rule(mixing, dtype, tolerance):
  """Against the same rule in float64; relative to the largest change."""
  state, _, data = tiny_meta.draw_problem(1, 1)
  source = tiny_meta.make_rule(tiny_meta.make_rule_config(mixing))

  def proposals(dtype):
    rule = tiny_meta.make_rule(tiny_meta.make_rule_config(mixing, dtype))
    for own, given in zip(rule.meta_parameters, source.meta_parameters):
      own.assign(tf.cast(given, dtype))
    weights, inputs = tf.nest.map_structure(
      lambda each: tf.cast(each[0], dtype), (state.weights, data.batches[0])
    )
    changes = rule(weights, lurl_tf.forward(weights, inputs))
    return tf.nest.flatten(changes)

  expected = proposals("float64")
  with arithmetic_scope(layers="library", product_dtype=dtype):
    actual = proposals("float32")
  for one, other in zip(actual, expected, strict=True):
    assert one.dtype == tf.float32
    largest = np.abs(other).max()
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * largest)
