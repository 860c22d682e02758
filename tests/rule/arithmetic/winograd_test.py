# SPDX-License-Identifier: Apache-2.0
"""Winograd's convolutions against TensorFlow's own, and their operations."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.rule.arithmetic import channels, winograd
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from lurl_tf.rule.arithmetic.winograd import (
  FEWEST_CHANNELS,
  in_use,
)

AXES = [channels.EXAMPLES_AXIS, channels.UNITS_AXIS]
TASKS, OTHER, CHANNELS, OUTPUTS = 2, 3, 5, 4


def draw(*shape):
  return np.random.default_rng(shape).normal(size=shape)


def draw_inputs(axis, size):
  inputs = draw(TASKS, size, OTHER, CHANNELS)
  return inputs if axis == channels.UNITS_AXIS else np.swapaxes(inputs, 1, 2)


def librarys(inputs, kernel, axis):
  """TensorFlow's convolution, a task at a time."""

  def one_task(inputs, kernel):
    if axis == channels.EXAMPLES_AXIS:
      return tf.nn.conv1d(inputs, kernel, stride=1, padding="SAME")
    swapped = tf.transpose(inputs, [1, 0, 2])
    outputs = tf.nn.conv1d(swapped, kernel, stride=1, padding="SAME")
    return tf.transpose(outputs, [1, 0, 2])

  kernels = tf.unstack(kernel) if kernel.shape.rank == 4 else [kernel] * TASKS
  return tf.stack(list(map(one_task, tf.unstack(inputs), kernels)))


def value_and_gradients(layer, arrays, axis, dtype="float64"):
  inputs = [tf.constant(each, dtype) for each in arrays]
  with tf.GradientTape() as tape:
    tape.watch(inputs)
    outputs = layer(*inputs, axis)
    loss = tf.reduce_sum(outputs * tf.cast(draw(*outputs.shape), dtype))
  return outputs, *tape.gradient(loss, inputs)


def assert_as_the_librarys(arrays, axis):
  expected = value_and_gradients(librarys, arrays, axis)
  actual = value_and_gradients(winograd.convolve, arrays, axis)
  for one, other in zip(actual, expected, strict=True):
    assert one.shape == other.shape
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("size", [1, 2, 4, 7, 8, 13])
@pytest.mark.parametrize("own", [(), (TASKS,)])
def test_convolution_and_its_gradients(axis, size, own):
  arrays = draw_inputs(axis, size), draw(*own, 3, CHANNELS, OUTPUTS)
  assert_as_the_librarys(arrays, axis)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("count", [31, 32, 64])
def test_gradients_of_channels_that_are_taken_in_parts(axis, count):
  arrays = draw(TASKS, 5, OTHER, count), draw(3, count, OUTPUTS)
  assert_as_the_librarys(arrays, axis)


@pytest.mark.parametrize("axis", AXES)
def test_rounding_is_that_of_float32(axis):
  """At published sizes; relative to the largest number."""
  arrays = draw(1, 16, 16, 64), draw(3, 64, 64)
  expected = value_and_gradients(winograd.convolve, arrays, axis)
  actual = value_and_gradients(winograd.convolve, arrays, axis, "float32")
  for one, other in zip(actual, expected, strict=True):
    np.testing.assert_allclose(
      one, other, rtol=0, atol=2e-6 * np.abs(other).max()
    )


def multiplications(layer, axis):
  """Of the matrix products of a layer and of its gradients."""

  def both(inputs, kernel):
    with tf.GradientTape() as tape:
      tape.watch([inputs, kernel])
      outputs = layer(inputs, kernel, axis)
    return tape.gradient(outputs, [inputs, kernel])

  graph = (
    tf.function(both, autograph=False)
    .get_concrete_function(
      tf.TensorSpec([16, 16, CHANNELS]), tf.TensorSpec([3, CHANNELS, OUTPUTS])
    )
    .graph
  )
  total = 0
  for operation in graph.get_operations():
    if "MatMul" in operation.type:
      left = operation.inputs[0].shape
      transposed = "transpose_a" if operation.type == "MatMul" else "adj_x"
      contracted = left[-2 if operation.get_attr(transposed) else -1]
      total += contracted * operation.outputs[0].shape.num_elements()
  return total


@pytest.mark.parametrize("axis", AXES)
def test_half_the_multiplications(axis):
  direct = multiplications(channels.convolve, axis)
  assert direct == 3 * 16 * 16 * 3 * CHANNELS * OUTPUTS
  assert 2 * multiplications(winograd.convolve, axis) == direct


def test_where_it_is_in_use():
  many, few = FEWEST_CHANNELS, FEWEST_CHANNELS - 1
  large = tf.zeros([TASKS, 3, many, many])
  assert not in_use(large)
  with arithmetic_scope(convolutions="winograd"):
    assert in_use(large)
    assert not in_use(tf.zeros([3, few, many]))
    assert not in_use(tf.zeros([3, many, few]))
    assert not in_use(tf.zeros([5, many, many]))
    with arithmetic_scope(convolutions="direct"):
      assert not in_use(large)
    assert in_use(large)
  assert not in_use(large)


@pytest.mark.parametrize("axis", AXES)
def test_the_rules_layer_takes_it_within_its_scope(axis, monkeypatch):
  monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
  inputs, kernel = tf.constant(draw(7, 7, 5)), tf.constant(draw(3, 5, 4))
  with arithmetic_scope(convolutions="winograd"):
    actual = channels.convolve(inputs, kernel, axis)
  np.testing.assert_array_equal(actual, winograd.convolve(inputs, kernel, axis))
  assert np.any(actual != channels.convolve(inputs, kernel, axis))
