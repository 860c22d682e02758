# SPDX-License-Identifier: Apache-2.0
"""The proposed change of weights and biases: terms, and how they are merged."""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.rule.arithmetic.channels import Nonlinearity
from lurl_tf.rule.arithmetic.kept_results import kept_result
from lurl_tf.rule.arithmetic.mixers import Linear
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.learned.parameters import WeightChangeParameters

EPSILON = 1e-6
DECORRELATION_EPSILON = 1e-8
GROWTH = 1 / 7
BIAS_FLOOR = 0.5


class WeightTerms(NamedTuple):
  """The terms of a weight change, each `[..., i, j]`, in the published order.

  Attributes:
    order_0: free of the weight.
    order_1: linear in the weight.
    decorrelation: from the correlation of the units above.
    hebbian: from the correlation of units below and above.
    large_decay: the weight's square with its sign.
    lower_linear_symmetric: rows of W, mixed by the states below.
    upper_linear_definite: columns of W, mixed by the states above.
    upper_linear_symmetric: the same with a symmetric mixture.
    radial: decays with the weight's square.
    lower_root_symmetric: rows of a soft root of W, mixed.
    upper_root_symmetric: columns of a soft root of W, mixed.
    current: the weight itself.
  """

  order_0: tf.Tensor
  order_1: tf.Tensor
  decorrelation: tf.Tensor
  hebbian: tf.Tensor
  large_decay: tf.Tensor
  lower_linear_symmetric: tf.Tensor
  upper_linear_definite: tf.Tensor
  upper_linear_symmetric: tf.Tensor
  radial: tf.Tensor
  lower_root_symmetric: tf.Tensor
  upper_root_symmetric: tf.Tensor
  current: tf.Tensor


class Readouts(NamedTuple):
  """What a weight change reads off the states, before symmetrisation.

  Attributes:
    order_0: `[..., i, j]`.
    radial: `[..., i, j]`.
    order_1: `[..., i, j]`.
    upper_linear_symmetric: `[..., j, j]`.
    upper_linear_definite: `[..., j, j]`.
    lower_linear_symmetric: `[..., i, i]`.
    upper_root_symmetric: `[..., j, j]`.
    lower_root_symmetric: `[..., i, i]`.
  """

  order_0: tf.Tensor
  radial: tf.Tensor
  order_1: tf.Tensor
  upper_linear_symmetric: tf.Tensor
  upper_linear_definite: tf.Tensor
  lower_linear_symmetric: tf.Tensor
  upper_root_symmetric: tf.Tensor
  lower_root_symmetric: tf.Tensor


def maps_of_state_above(parameters: WeightChangeParameters) -> list[Linear]:
  """Maps of the states of the layer above, in the order of `read_states`."""
  crossing = (parameters.order_0, parameters.radial, parameters.order_1)
  upper = (parameters.upper_linear_symmetric, parameters.upper_root_symmetric)
  return [
    *(each.top for each in crossing),
    *(side for each in upper for side in each),
    parameters.upper_linear_definite,
  ]


def maps_of_state_below(parameters: WeightChangeParameters) -> list[Linear]:
  """Maps of the states of the layer below, in the order of `read_states`."""
  crossing = (parameters.order_0, parameters.radial, parameters.order_1)
  lower = (parameters.lower_linear_symmetric, parameters.lower_root_symmetric)
  return [
    *(each.bottom for each in crossing),
    *(side for each in lower for side in each),
  ]


def read_states(
  below: Sequence[tf.Tensor], above: Sequence[tf.Tensor], dtype: tf.DType
) -> Readouts:
  """Contracts maps of the states of two neighbouring layers to matrices.

  Args:
    below: those of `maps_of_state_below`, `[..., i, b, c]` each.
    above: those of `maps_of_state_above`, `[..., j, b, c]` each.
    dtype: of the results; the maps may be rounded.

  Returns:
    `Readouts`.
  """
  below, above = (list(map(_flatten, maps)) for maps in (below, above))
  scale = 1.0 / above[0].shape[-1]

  def contract(rows, columns):
    contracted = kept_result(
      functools.partial(product, transpose_right=True), rows, columns
    )
    return scale * tf.cast(contracted, dtype)

  return Readouts(
    order_0=contract(below[0], above[0]),
    radial=contract(below[1], above[1]),
    order_1=contract(below[2], above[2]),
    upper_linear_symmetric=contract(above[4], above[3]),
    upper_linear_definite=contract(above[7], above[7]),
    lower_linear_symmetric=contract(below[4], below[3]),
    upper_root_symmetric=contract(above[6], above[5]),
    lower_root_symmetric=contract(below[6], below[5]),
  )


def weight_terms(
  kernel: tf.Tensor,
  readouts: Readouts,
  inputs: tf.Tensor,
  outputs: tf.Tensor,
) -> WeightTerms:
  """All terms of one layer's weight change.

  Args:
    kernel: W (or V), `[..., i, j]`, normalised by `normalize_columns`.
    readouts: from the states of the layers below and above.
    inputs: x of the layer below, `[..., b, i]`.
    outputs: x of the layer above, `[..., b, j]`.

  Returns:
    `WeightTerms`.
  """
  examples, above = inputs.shape[-2], outputs.shape[-1]
  inputs, outputs = _standardize(inputs), _standardize(outputs)
  correlation = tf.matmul(outputs, outputs, transpose_a=True) / examples
  decorrelation = tf.matmul(kernel, correlation) / math.sqrt(above)
  power = tf.reduce_mean(
    tf.square(decorrelation) + DECORRELATION_EPSILON,
    axis=[-2, -1],
    keepdims=True,
  )
  square, sign = tf.square(kernel), tf.sign(kernel)
  root = tf.sqrt(1.0 + square) - 1.0
  definite = readouts.upper_linear_definite / math.sqrt(above)
  return WeightTerms(
    order_0=readouts.order_0,
    order_1=kernel * readouts.order_1,
    decorrelation=decorrelation * tf.math.rsqrt(power),
    hebbian=-tf.matmul(inputs, outputs, transpose_a=True) / examples,
    large_decay=square * sign,
    lower_linear_symmetric=tf.matmul(
      _symmetrize(readouts.lower_linear_symmetric), kernel
    ),
    upper_linear_definite=tf.matmul(kernel, definite),
    upper_linear_symmetric=tf.matmul(
      kernel, _symmetrize(readouts.upper_linear_symmetric)
    ),
    radial=tf.exp(-square) * readouts.radial,
    lower_root_symmetric=sign
    * tf.matmul(_symmetrize(readouts.lower_root_symmetric), root),
    upper_root_symmetric=sign
    * tf.matmul(root, _symmetrize(readouts.upper_root_symmetric)),
    current=kernel,
  )


def merge_terms(
  coefficients: Linear,
  terms: WeightTerms,
  nonlinearity: Nonlinearity = tf.nn.relu,
) -> tf.Tensor:
  """The proposed change of a kernel, `[..., i, j]`.

  A part that would shrink the matrix as a whole is removed; one that makes it
  grow is added: the inner optimizer's decay works against it.

  Args:
    coefficients: `kernel` `[terms, 1]`, `bias` `[1]`.
    terms: `WeightTerms` of a normalised kernel.
    nonlinearity: decides what shrinks; other than ReLU for tests.

  Returns:
    `[..., i, j]`; the inner optimizer subtracts it.
  """
  count = len(terms)
  # Together: one by one, the terms take longer to compile.
  limited = limit_columns(tf.stack(terms, axis=-3))
  scales = coefficients.kernel[..., tf.newaxis]
  total = tf.reduce_sum(scales * limited, axis=-3)
  change = (total + coefficients.bias[..., tf.newaxis]) / count
  shrinking = tf.reduce_mean(
    change * terms.current, axis=[-2, -1], keepdims=True
  )
  change -= terms.current * nonlinearity(shrinking)
  change = limit_columns(change / math.sqrt(count))
  return change - GROWTH * terms.current


def bias_change(
  projection: tf.Tensor, nonlinearity: Nonlinearity = tf.nn.relu
) -> tf.Tensor:
  """The proposed change of a layer's biases.

  Args:
    projection: map of the states to one channel, `[..., u, b, 1]`.
    nonlinearity: removes a negative mean; other than ReLU for tests.

  Returns:
    `[..., u]`; the inner optimizer subtracts it.
  """
  readout = tf.reduce_mean(projection[..., 0], axis=-1)
  mean = tf.reduce_mean(readout, axis=-1, keepdims=True)
  readout += nonlinearity(-mean)
  power = tf.reduce_mean(tf.square(readout), axis=-1, keepdims=True)
  return readout * tf.math.rsqrt(BIAS_FLOOR + power)


def normalize_columns(kernel: tf.Tensor) -> tf.Tensor:
  """Scales every column, a unit's receptive field, to root mean square 1."""
  power = tf.reduce_mean(tf.square(kernel), axis=-2, keepdims=True)
  return kernel * tf.math.rsqrt(power + EPSILON)


def limit_columns(term: tf.Tensor) -> tf.Tensor:
  """Keeps the root mean square of every column below 1."""
  power = tf.reduce_mean(tf.square(term), axis=-2, keepdims=True)
  return term * tf.math.rsqrt(1.0 + power)


def _flatten(projection: tf.Tensor) -> tf.Tensor:
  """`[..., u, b, c]` as `[..., u, b * c]`."""
  *lead, examples, size = projection.shape
  return tf.reshape(projection, [*lead, examples * size])


def _standardize(activations: tf.Tensor) -> tf.Tensor:
  mean, variance = tf.nn.moments(activations, axes=[-2], keepdims=True)
  return (activations - mean) * tf.math.rsqrt(variance + EPSILON)


def _symmetrize(matrix: tf.Tensor) -> tf.Tensor:
  """Symmetric, without a diagonal, scaled by the root of its size."""
  size = matrix.shape[-1]
  symmetric = matrix + tf.linalg.matrix_transpose(matrix)
  # Not a NumPy array, which the graph would hold: 0.4 GB for 10,000 units.
  off_diagonal = 1.0 - tf.eye(size, dtype=matrix.dtype)
  return symmetric * (off_diagonal * (1 / math.sqrt(2 * size)))
