# SPDX-License-Identifier: Apache-2.0
"""Tests of the random starting weights."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers.initial_weights import initial_weights

# Standard deviation of a unit normal cut at two standard deviations.
CUT = 0.8796256610342398


def test_shapes_and_dtypes():
  for dtype in ("float32", "float64"):
    weights = initial_weights(5, (7, 3), (0, 0), dtype)
    assert [[tuple(array.shape) for array in layer] for layer in weights] == [
      [(5, 7), (7,), (5, 7)],
      [(7, 3), (3,), (7, 3)],
    ]
    assert {array.dtype for layer in weights for array in layer} == {
      tf.as_dtype(dtype)
    }


def test_distribution():
  """Truncated normal: nothing beyond two standard deviations."""
  (layer,) = initial_weights(400, (5000,), (3, 1), "float64")
  for array, stddev in zip(layer, (0.01, 0.1, 0.01)):
    values = array.numpy().ravel()
    assert np.abs(values).max() < 2 * stddev
    assert np.abs(values).max() > 1.98 * stddev
    error = CUT * stddev / np.sqrt(values.size)
    assert abs(values.mean()) < 4 * error
    np.testing.assert_allclose(values.std(), CUT * stddev, rtol=0.03)


def test_all_arrays_are_independent():
  arrays = tf.nest.flatten(initial_weights(40, (40, 40), (0, 5)))
  square = [array.numpy().ravel() for array in arrays if len(array.shape) == 2]
  assert len(square) == 4
  for one, other in itertools.combinations(square, 2):
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1


def test_the_same_seed_gives_the_same_weights():
  def draw(*seed):
    return np.concatenate(
      [
        array.numpy().ravel()
        for array in tf.nest.flatten(initial_weights(4, (3, 2), seed))
      ]
    )

  np.testing.assert_array_equal(draw(1, 2), draw(1, 2))
  for one, other in itertools.combinations([(1, 2), (2, 1), (1, 3)], 2):
    assert np.abs(draw(*one) - draw(*other)).min() > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_draws_what_eager_draws(dtype, jit_compile):
  @tf.function(jit_compile=jit_compile, autograph=False)
  def draw(seed):
    return initial_weights(6, (5, 4), seed, dtype)

  tolerance = 1e-6 if dtype == "float32" else 1e-13
  for one, other in zip(
    tf.nest.flatten(draw(tf.constant([3, 4]))),
    tf.nest.flatten(initial_weights(6, (5, 4), [3, 4], dtype)),
    strict=True,
  ):
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize(
  ("input_size", "units"), [(0, (3,)), (4, ()), (4, (3, 0)), (4, (-1, 2))]
)
def test_sizes_that_are_not_positive_are_refused(input_size, units):
  with pytest.raises(ValueError, match=f"input_size={input_size}, units="):
    initial_weights(input_size, units, (0, 0))
