# SPDX-License-Identifier: Apache-2.0
"""The proposed change of weights and biases: terms, and how they are merged.

The formulas and their symbols are those of `docs/the_rule.md`, sections 6 and
7. Their source is the authors' released program, which the paper (Metz et al.
2019, appendix B) describes in part.
"""

import functools
import math
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.kept_results import kept_result
from lurl_tf.rule.arithmetic.mixers import Linear
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.learned.parameters import Readout, WeightChangeParameters

# All constants are the released program's. Added to mean squares under a root:
EPSILON = 1e-6
# The same, in the decorrelation term.
DECORRELATION_EPSILON = 1e-8
# T in the merge: the released program's number of terms. It stays 12 when a
# term is added, so that rules without that term compute what they did.
PUBLISHED_TERMS = 12
# Share of w that is subtracted from the change, so that weights grow against
# the decay of the inner optimizer.
GROWTH = 1 / 7
# Added to the mean square of a bias change.
BIAS_FLOOR = 0.5


class WeightTerms(NamedTuple):
  """The terms of a weight change, each `[..., i, j]`, in the published order.

  Below, w is the normalised kernel, R a read-out of unit states, S a
  symmetrised one, u and v the standardised activations above and below, B the
  number of examples, n the number of units above.

  The rows of the coefficients follow this order, so a new term goes to the end;
  stored rules get a coefficient of 0 for it.

  Attributes:
    order_0: `R_0`, independent of the weight.
    order_1: `w * R_1`, linear in the weight.
    decorrelation: `c / rms(c)` with `c = w (u^T u / B) / sqrt(n)`.
    hebbian: `-(v^T u) / B`.
    large_decay: `w^2 * sign(w)`.
    lower_linear_symmetric: `S w`, mixes the rows.
    upper_linear_definite: `w R / sqrt(n)`, mixes the columns; R is positive
      semi-definite, as both of its factors are the same.
    upper_linear_symmetric: `w S`, mixes the columns.
    radial: `exp(-w^2) * R_rbf`.
    lower_root_symmetric: `sign(w) * (S (sqrt(1 + w^2) - 1))`.
    upper_root_symmetric: `sign(w) * ((sqrt(1 + w^2) - 1) S)`.
    current: `w`.
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


class StateMapsAbove(NamedTuple):
  """For each term, affine maps of the states h of the units above a kernel.

  A field holds a `Linear`, or the tensor `[..., j, b, c]` that it maps the
  states to; a `Readout` holds one for each of its sides.
  """

  order_0: Any
  radial: Any
  order_1: Any
  upper_linear_symmetric: Readout
  upper_root_symmetric: Readout
  upper_linear_definite: Any


class StateMapsBelow(NamedTuple):
  """For each term, affine maps of the states h of the units below a kernel.

  A field holds a `Linear`, or the tensor `[..., i, b, c]` that it maps the
  states to; a `Readout` holds one for each of its sides.
  """

  order_0: Any
  radial: Any
  order_1: Any
  lower_linear_symmetric: Readout
  lower_root_symmetric: Readout


class Readouts(NamedTuple):
  """The matrices R of the terms, before symmetrisation.

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


def maps_above(parameters: WeightChangeParameters) -> StateMapsAbove:
  """Selects the maps of the states above a kernel.

  Args:
    parameters: Meta-parameters of the weight change.

  Returns:
    `StateMapsAbove` of `Linear`.
  """
  return StateMapsAbove(
    order_0=parameters.order_0.top,
    radial=parameters.radial.top,
    order_1=parameters.order_1.top,
    upper_linear_symmetric=parameters.upper_linear_symmetric,
    upper_root_symmetric=parameters.upper_root_symmetric,
    upper_linear_definite=parameters.upper_linear_definite,
  )


def maps_below(parameters: WeightChangeParameters) -> StateMapsBelow:
  """Selects the maps of the states below a kernel.

  Args:
    parameters: Meta-parameters of the weight change.

  Returns:
    `StateMapsBelow` of `Linear`.
  """
  return StateMapsBelow(
    order_0=parameters.order_0.bottom,
    radial=parameters.radial.bottom,
    order_1=parameters.order_1.bottom,
    lower_linear_symmetric=parameters.lower_linear_symmetric,
    lower_root_symmetric=parameters.lower_root_symmetric,
  )


def read_states(
  below: StateMapsBelow, above: StateMapsAbove, dtype: tf.DType
) -> Readouts:
  """Contracts mapped states of two neighbouring layers over examples.

      R[i, j] = sum over b and c of bottom[i, b, c] * top[j, b, c] / (c B)

  Section 6.1 of `docs/the_rule.md`.

  Args:
    below: `StateMapsBelow` of tensors `[..., i, b, c]`.
    above: `StateMapsAbove` of tensors `[..., j, b, c]`.
    dtype: Float type of the results; the maps may be of a smaller one.

  Returns:
    `Readouts`.
  """

  def contract(bottom, top):
    rows, columns = _flatten(bottom), _flatten(top)
    contracted = kept_result(
      functools.partial(product, transpose_right=True), rows, columns
    )
    return 1.0 / columns.shape[-1] * tf.cast(contracted, dtype)

  return Readouts(
    order_0=contract(below.order_0, above.order_0),
    radial=contract(below.radial, above.radial),
    order_1=contract(below.order_1, above.order_1),
    upper_linear_symmetric=contract(
      above.upper_linear_symmetric.bottom, above.upper_linear_symmetric.top
    ),
    upper_linear_definite=contract(
      above.upper_linear_definite, above.upper_linear_definite
    ),
    lower_linear_symmetric=contract(
      below.lower_linear_symmetric.bottom, below.lower_linear_symmetric.top
    ),
    upper_root_symmetric=contract(
      above.upper_root_symmetric.bottom, above.upper_root_symmetric.top
    ),
    lower_root_symmetric=contract(
      below.lower_root_symmetric.bottom, below.lower_root_symmetric.top
    ),
  )


def weight_terms(
  kernel: tf.Tensor,
  readouts: Readouts,
  inputs: tf.Tensor,
  outputs: tf.Tensor,
) -> WeightTerms:
  """Computes all terms of one layer's weight change.

  Section 6.2 of `docs/the_rule.md`.

  Args:
    kernel: w, `[..., i, j]`: W (or V), normalised by `normalize_columns`.
    readouts: `Readouts` of the states of the layers below and above.
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


def merge_terms(coefficients: Linear, terms: WeightTerms) -> tf.Tensor:
  """Merges the terms to the proposed change of a kernel.

      c = (sum over k of a_k N(t_k) + a_b) / T
      c = c - w * relu(mean(c * w))
      change = N(c / sqrt(T)) - w / 7

  N is `limit_columns`. The second line removes the part of the change that
  would shrink the whole matrix; the last one makes the matrix grow, against the
  decay of the inner optimizer. Section 6.3 of `docs/the_rule.md`.

  Args:
    coefficients: `kernel` a `[terms, 1]`, `bias` a_b `[1]`.
    terms: `WeightTerms` of a normalised kernel.

  Returns:
    `[..., i, j]`; the inner optimizer subtracts it.
  """
  # Stacked, the terms compile faster than one by one.
  limited = limit_columns(tf.stack(terms, axis=-3))
  scales = coefficients.kernel[..., tf.newaxis]
  total = tf.reduce_sum(scales * limited, axis=-3)
  change = (total + coefficients.bias[..., tf.newaxis]) / PUBLISHED_TERMS
  shrinking = tf.reduce_mean(
    change * terms.current, axis=[-2, -1], keepdims=True
  )
  change -= terms.current * channels.rectify(shrinking)
  change = limit_columns(change / math.sqrt(PUBLISHED_TERMS))
  return change - GROWTH * terms.current


def bias_change(projection: tf.Tensor) -> tf.Tensor:
  """Computes the proposed change of a layer's biases.

      q = mean of the projection over examples
      q = q + relu(-mean(q))
      change = q / sqrt(0.5 + mean(q^2))

  Section 7 of `docs/the_rule.md`.

  Args:
    projection: Map of the states to one channel, `[..., u, b, 1]`.

  Returns:
    `[..., u]`; the inner optimizer subtracts it.
  """
  readout = tf.reduce_mean(projection[..., 0], axis=-1)
  mean = tf.reduce_mean(readout, axis=-1, keepdims=True)
  readout += channels.rectify(-mean)
  power = tf.reduce_mean(tf.square(readout), axis=-1, keepdims=True)
  return readout * tf.math.rsqrt(BIAS_FLOOR + power)


def normalize_columns(kernel: tf.Tensor) -> tf.Tensor:
  """Scales every column, a unit's receptive field, to root mean square 1."""
  power = tf.reduce_mean(tf.square(kernel), axis=-2, keepdims=True)
  return kernel * tf.math.rsqrt(power + EPSILON)


def limit_columns(term: tf.Tensor) -> tf.Tensor:
  """N of the merge: keeps the root mean square of every column below 1.

      N(t) = t / sqrt(1 + mean over rows of t^2)

  Args:
    term: `[..., i, j]`.

  Returns:
    `[..., i, j]`.
  """
  power = tf.reduce_mean(tf.square(term), axis=-2, keepdims=True)
  return term * tf.math.rsqrt(1.0 + power)


def _flatten(projection: tf.Tensor) -> tf.Tensor:
  """`[..., u, b, c]` as `[..., u, b * c]`."""
  *lead, examples, size = projection.shape
  return tf.reshape(projection, [*lead, examples * size])


def _standardize(activations: tf.Tensor) -> tf.Tensor:
  """Every unit's values with mean 0 and variance 1 over the batch."""
  mean, variance = tf.nn.moments(activations, axes=[-2], keepdims=True)
  return (activations - mean) * tf.math.rsqrt(variance + EPSILON)


def _symmetrize(matrix: tf.Tensor) -> tf.Tensor:
  """S = (R + R^T) / sqrt(2 n) with a zero diagonal, n the size of R."""
  size = matrix.shape[-1]
  symmetric = matrix + tf.linalg.matrix_transpose(matrix)
  # A NumPy array would become a constant of the graph: 0.4 GB for 10,000 units.
  off_diagonal = 1.0 - tf.eye(size, dtype=matrix.dtype)
  return symmetric * (off_diagonal * (1 / math.sqrt(2 * size)))
