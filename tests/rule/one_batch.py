# SPDX-License-Identifier: Apache-2.0
"""One batch and its base model, for the tests of rules."""

import numpy as np
import tensorflow as tf

import lurl_tf
from lurl_tf.structures import LayerWeights

INPUTS, BATCH = 6, 9


def draw_weights(units=(5, 4), seed=0, dtype="float64"):
  """`LayerWeights` with three kinds of weights all different from zero."""
  generator = np.random.default_rng(seed)
  sizes = (INPUTS, *units)
  return tuple(
    LayerWeights(
      *(
        tf.constant(generator.normal(size=shape), dtype)
        for shape in ((below, above), (above,), (below, above))
      )
    )
    for below, above in zip(sizes[:-1], sizes[1:])
  )


def draw_inputs(seed=0, dtype="float64"):
  """Inputs whose mean is far from zero."""
  generator = np.random.default_rng([7, seed])
  return tf.constant(2 + generator.normal(size=(BATCH, INPUTS)), dtype)


def propose(rule, weights, inputs, activation="relu"):
  return rule(weights, lurl_tf.forward(weights, inputs, activation))


def layer_arrays(weights, inputs, activation="relu"):
  """A dict of NumPy arrays per layer, for twins of a rule."""
  activations = lurl_tf.forward(weights, inputs, activation)
  below = (activations.inputs, *activations.post_activations[:-1])
  return [
    {
      "W": layer.kernel.numpy(),
      "x_below": x_below.numpy(),
      "z": z.numpy(),
      "x": x.numpy(),
    }
    for layer, x_below, z, x in zip(
      weights, below, activations.pre_activations, activations.post_activations
    )
  ]


def stack_tasks(rows):
  return tf.nest.map_structure(lambda *each: tf.stack(each), *rows)


def assert_same(actual, expected, tolerance=1e-10):
  """Equality relative to the largest number of each array."""
  actual, expected = tf.nest.flatten(actual), tf.nest.flatten(expected)
  for one, other in zip(actual, expected, strict=True):
    assert one.dtype == other.dtype
    scale = max(np.max(np.abs(other)), 1e-3)
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def assert_kernels_only(changes, expected):
  """Kernels as expected; no change of biases and backward kernels."""
  for change, kernel in zip(changes, expected, strict=True):
    np.testing.assert_allclose(change.kernel, kernel, rtol=1e-10, atol=1e-12)
    assert not np.any(change.bias)
    assert not np.any(change.backward_kernel)


def elongated_points(rows=400):
  """Points with three directions of clearly different variance.

  Returns:
    The points, off the origin, and the directions as columns, the longest
    first; signs are arbitrary.
  """
  generator = np.random.default_rng(11)
  turn = np.linalg.qr(generator.normal(size=(5, 5)))[0]
  deviations = np.array([1.8, 1.3, 0.9, 0.3, 0.2])
  points = 3 + generator.normal(size=(rows, 5)) * deviations @ turn.T
  variances, directions = np.linalg.eigh(np.cov(points.T))
  return points, directions[:, np.argsort(-variances)]


def directions_of(kernel):
  """Columns scaled to length one."""
  return np.asarray(kernel) / np.linalg.norm(kernel, axis=0)
