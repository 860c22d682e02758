# SPDX-License-Identifier: Apache-2.0
"""Tests of rounded products against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from tests.rule.nearest_bfloat16 import nearest_bfloat16

SHAPES = [
  ((2, 7, 5), (2, 5, 3), False),
  ((2, 7, 5), (5, 3), False),
  ((2, 7, 5), (2, 3, 5), True),
  ((7, 5), (3, 5), True),
]


def draw(shape, seed):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def value_and_gradients(left, right, upstream, transpose, dtype):
  @tf.function(jit_compile=True, autograph=False)
  def run(left, right, upstream):
    with tf.GradientTape() as tape:
      tape.watch((left, right))
      with arithmetic_scope(product_dtype=dtype):
        value = product(left, right, transpose)
    return value, *tape.gradient(value, (left, right), upstream)

  return [
    each.numpy() for each in run(*map(tf.constant, (left, right, upstream)))
  ]


def twin(left, right, upstream, transpose, rounding):
  """The value and both gradients in NumPy, in float64."""
  left, right, upstream = map(rounding, (left, right, upstream))
  if transpose:
    right = right.swapaxes(-1, -2)
  by_left = upstream @ right.swapaxes(-1, -2)
  by_right = left.swapaxes(-1, -2) @ upstream
  if right.ndim < left.ndim:
    by_right = by_right.sum(axis=0)
  if transpose:
    by_right = by_right.swapaxes(-1, -2)
  return left @ right, by_left, by_right


@pytest.mark.parametrize(("left", "right", "transpose"), SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_products_and_gradients_equal_numpys(left, right, transpose, dtype):
  left, right = draw(left, 0), draw(right, 1)
  upstream = draw((*left.shape[:-1], 3), 2)
  rounding = nearest_bfloat16 if dtype == "bfloat16" else np.float64
  expected = twin(left, right, upstream, transpose, rounding)
  actual = value_and_gradients(left, right, upstream, transpose, dtype)
  for one, other in zip(actual, expected, strict=True):
    assert one.dtype == np.float32
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_only_products_within_the_scope_are_rounded():
  left, right = (tf.constant(draw(shape, 0)) for shape in ((4, 3), (3, 2)))
  with arithmetic_scope(product_dtype="bfloat16"):
    with arithmetic_scope(product_dtype="float32"):
      inner = product(left, right)
  np.testing.assert_array_equal(inner, product(left, right))
  np.testing.assert_allclose(inner, left @ right, rtol=1e-6)


def test_products_of_float64_are_never_rounded():
  left, right = draw((4, 3), 0), draw((3, 2), 1)
  with arithmetic_scope(product_dtype="bfloat16"):
    value = product(*(tf.constant(each, tf.float64) for each in (left, right)))
  np.testing.assert_allclose(value, left.astype(np.float64) @ right, rtol=1e-12)
