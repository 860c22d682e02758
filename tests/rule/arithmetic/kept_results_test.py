# SPDX-License-Identifier: Apache-2.0
"""Tests of results that are kept where all else is computed anew."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.recomputation import recomputed
from lurl_tf.rule.arithmetic import kept_results
from lurl_tf.rule.arithmetic.kept_results import kept_result, kept_value
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.arithmetic.scope import arithmetic_scope


def test_replayed_results_are_not_computed():
  with kept_results.recorded() as results:
    assert kept_results.in_use()
    for number in (1.0, 2.0):
      kept_value(lambda number=number: tf.constant(number))
  with kept_results.replayed(results):
    replayed = [kept_value(lambda: pytest.fail("computed")) for _ in range(2)]
  assert [float(each) for each in replayed] == [1.0, 2.0]
  assert not kept_results.in_use()
  assert float(kept_value(lambda: tf.constant(3.0))) == 3.0


def test_a_scope_ends_with_an_error():
  with pytest.raises(RuntimeError), kept_results.recorded():
    raise RuntimeError
  assert not kept_results.in_use()


def layers(inputs, kernel):
  """Products, one of a tensor with itself; a scale without a gradient."""
  state = tf.tanh(kept_result(tf.matmul, inputs, kernel))
  scale = kept_value(lambda: tf.stop_gradient(tf.reduce_max(state)))
  square = kept_result(tf.matmul, kernel, kernel)
  return scale * tf.sin(kept_result(tf.matmul, state, square))


def gradients_of(function):
  generator = np.random.default_rng(0)
  inputs, kernel = map(
    tf.constant, (generator.normal(size=(5, 3)), generator.normal(size=(3, 3)))
  )
  with tf.GradientTape() as tape:
    tape.watch((inputs, kernel))
    outputs = function(inputs, kernel)
    loss = tf.reduce_sum(outputs**2)
  return outputs, *tape.gradient(loss, (inputs, kernel))


@pytest.mark.parametrize("jit_compile", [None, False, True])
def test_gradients_are_those_of_the_plain_function(jit_compile):
  def run():
    return gradients_of(recomputed(layers, keep_products=True))

  if jit_compile is not None:
    run = tf.function(run, jit_compile=jit_compile, autograph=False)
  for actual, expected in zip(run(), gradients_of(layers)):
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_gradients_of_rounded_products_are_rounded():
  """Also if they are asked for outside of the scope that rounds."""

  def gradients(keep_products):
    def function(inputs, kernel):
      with arithmetic_scope(product_dtype="bfloat16"):
        return kept_result(product, inputs, kernel)

    def run():
      left = tf.random.stateless_normal([4, 3], (0, 0))
      right = tf.random.stateless_normal([3, 2], (0, 1))
      with tf.GradientTape() as tape:
        tape.watch((left, right))
        outputs = recomputed(function, keep_products)(left, right)
        loss = tf.reduce_sum(tf.sin(outputs))
      return tape.gradient(loss, (left, right))

    return tf.function(run, jit_compile=True, autograph=False)()

  for one, other in zip(gradients(True), gradients(False)):
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_products_are_run_once():
  """Three forwards, and for the gradient two each; none anew."""

  def products(keep_products):
    @tf.function(autograph=False)
    def run():
      return gradients_of(recomputed(layers, keep_products=keep_products))

    operations = run.get_concrete_function().graph.get_operations()
    return reached_products(operations)

  assert products(keep_products=True) == 9
  assert products(keep_products=False) == 12


def reached_products(operations):
  """Matrix products that the results of a graph need."""
  waiting = [each for each in operations if each.type == "Identity"]
  reached = set()
  while waiting:
    operation = waiting.pop()
    if operation.name not in reached:
      reached.add(operation.name)
      waiting += [tensor.op for tensor in operation.inputs]
  return sum(
    operation.type == "MatMul" and operation.name in reached
    for operation in operations
  )
