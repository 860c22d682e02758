# SPDX-License-Identifier: Apache-2.0
"""Tests that recomputing changes neither values nor gradients."""

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.recomputation import recomputed


class Pair(NamedTuple):
  """A nested argument and result."""

  one: tf.Tensor
  other: tuple[tf.Tensor, tf.Tensor]


def nested_function(pair, power, unused):
  """Uses an integer, and ignores one floating-point argument."""
  del unused
  first, second = pair.other
  product = tf.tanh(tf.matmul(pair.one, first)) * second
  return Pair(product, (second ** tf.cast(power, second.dtype), pair.one + 1))


def arguments():
  generator = np.random.default_rng(0)
  pair = Pair(
    tf.constant(generator.normal(size=(3, 4))),
    (
      tf.constant(generator.normal(size=(4, 5))),
      tf.constant(generator.uniform(0.5, 2, size=5)),
    ),
  )
  return pair, tf.constant(3), tf.constant([7.0], tf.float64)


def values_and_gradients(function):
  """Values and gradients of an uneven sum of all results."""
  pair, power, unused = arguments()
  watched = tf.nest.flatten((pair, unused))
  with tf.GradientTape() as tape:
    tape.watch(watched)
    values = function(pair, power, unused)
    loss = tf.add_n(
      [
        weight * tf.reduce_sum(tf.sin(value))
        for weight, value in zip((1.0, 2.0, 3.0), tf.nest.flatten(values))
      ]
    )
  gradients = tape.gradient(loss, watched, unconnected_gradients="zero")
  return values, gradients


@pytest.mark.parametrize("in_graph", [False, True])
def test_values_and_gradients_of_nested_structures(in_graph):
  def run():
    return values_and_gradients(recomputed(nested_function))

  expected_values, expected_gradients = values_and_gradients(nested_function)
  values, gradients = tf.function(run)() if in_graph else run()
  tf.nest.assert_same_structure(values, expected_values)
  for one, other in zip(
    tf.nest.flatten((values, gradients)),
    tf.nest.flatten((expected_values, expected_gradients)),
  ):
    np.testing.assert_allclose(one, other, rtol=1e-14)
  # The function's own arguments matter, the ignored one does not.
  assert [np.abs(gradient).max() > 0 for gradient in gradients] == [
    True,
    True,
    True,
    False,
  ]


def test_the_inside_is_computed_again_for_the_gradient():
  calls = []

  def counted(value):
    calls.append(value)
    return tf.exp(tf.sin(value))

  value = tf.constant(0.5)
  with tf.GradientTape() as tape:
    tape.watch(value)
    result = recomputed(counted)(value)
  assert len(calls) == 1
  gradient = tape.gradient(result, value)
  assert len(calls) == 2
  np.testing.assert_allclose(
    gradient, np.exp(np.sin(0.5)) * np.cos(0.5), rtol=1e-6
  )


def test_a_function_can_be_used_again():
  """Every call has its own gradient: the loop's body is one function."""
  square = recomputed(lambda value: value * value)
  first, second = tf.constant(2.0), tf.constant([3.0, 5.0])
  with tf.GradientTape() as tape:
    tape.watch([first, second])
    total = square(first) + tf.reduce_sum(square(square(second)))
  gradients = tape.gradient(total, [first, second])
  np.testing.assert_allclose(gradients[0], 4.0)
  np.testing.assert_allclose(gradients[1], [108.0, 500.0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_within_a_loop(jit_compile):
  """Four times x <- sin(c x); c reaches the function as an argument."""
  body = recomputed(lambda scale, value, step: tf.sin(scale * value))

  @tf.function(jit_compile=jit_compile, autograph=False)
  def gradients(scale, value):
    with tf.GradientTape() as tape:
      tape.watch([scale, value])
      _, result = tf.while_loop(
        lambda step, _: step < 4,
        lambda step, value: (step + 1, body(scale, value, step)),
        (tf.constant(0), value),
        maximum_iterations=6,
      )
    return tape.gradient(result, [scale, value])

  scale, value = 1.3, 0.7
  by_scale, by_value = 0.0, 1.0
  for _ in range(4):
    slope = np.cos(scale * value)
    by_scale = slope * (value + scale * by_scale)
    by_value = slope * scale * by_value
    value = np.sin(scale * value)
  actual = gradients(tf.constant(1.3, tf.float64), tf.constant(0.7, tf.float64))
  np.testing.assert_allclose(actual, [by_scale, by_value], rtol=1e-12)
