# SPDX-License-Identifier: Apache-2.0
"""Convolutions of three taps with half the multiplications.

Winograd's minimal filtering F(4, 3), as in Lavin and Gray (2016), "Fast
Algorithms for Convolutional Neural Networks", section 4.1. Four neighbouring
results depend on six inputs, and take six products of channels instead of
twelve, with sums of neighbours before and after the products. This is faster
where there are many channels. In float32, the rounding error is a few times
that of plain convolution; with factors rounded to bfloat16 it is too large.

It is chosen by `arithmetic_scope(convolutions="winograd")`.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.rule.arithmetic.computed_once import computed_once
from lurl_tf.rule.arithmetic.scope import current_arithmetic
from lurl_tf.rule.arithmetic.shift import shift

TAPS = 3
# With fewer channels the sums cost more than the products save: measured, see
# docs/log/speed.md.
FEWEST_CHANNELS = 40

_RESULTS = 4
# B^T, G and A^T of Lavin and Gray, for the points 0, 1, -1, 2, -2, infinity.
_OF_INPUTS = (
  (4, 0, -5, 0, 1, 0),
  (0, -4, -4, 1, 1, 0),
  (0, 4, -4, -1, 1, 0),
  (0, -2, -1, 2, 1, 0),
  (0, 2, -1, -2, 1, 0),
  (0, 4, 0, -5, 0, 1),
)
_OF_KERNELS = (
  (1 / 4, 0, 0),
  (-1 / 6, -1 / 6, -1 / 6),
  (-1 / 6, 1 / 6, -1 / 6),
  (1 / 24, 1 / 12, 1 / 6),
  (1 / 24, -1 / 12, 1 / 6),
  (0, 0, 1),
)
_OF_RESULTS = (
  (1, 1, 1, 1, 1, 0),
  (0, 1, -1, 2, -2, 0),
  (0, 1, 1, 4, 4, 0),
  (0, 1, -1, 8, -8, 1),
)


def in_use(kernel: tf.Tensor) -> bool:
  """Returns whether this file convolves a kernel `[..., taps, c, c']`."""
  taps, *channels = kernel.shape[-3:]
  large = taps == TAPS and min(channels) >= FEWEST_CHANNELS
  return large and current_arithmetic().convolutions == "winograd"


def convolve(inputs: tf.Tensor, kernel: tf.Tensor, axis: int) -> tf.Tensor:
  """Convolves along one axis with stride 1, zero-padded to equal length.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[3, c, c']`, or with the leading axes of `inputs`.
    axis: Axis of the neighbours: -2 for examples, -3 for units.

  Returns:
    `[..., u, b, c']`.
  """
  size = inputs.shape[axis]
  paddings = np.zeros([inputs.shape.rank, 2], int)
  paddings[axis, 1] = -size % _RESULTS
  if not paddings.any():
    return _convolve_tiles(inputs, kernel, axis)
  outputs = _convolve_tiles(tf.pad(inputs, paddings), kernel, axis)
  length = outputs.shape.as_list()
  length[axis] = size
  return tf.slice(outputs, [0] * len(length), length)


def _convolve_tiles(
  inputs: tf.Tensor, kernel: tf.Tensor, axis: int
) -> tf.Tensor:
  """`convolve` along an axis whose length is a multiple of four."""

  @tf.custom_gradient
  def filtered(inputs, kernel):
    factors = _kernel_factors(kernel)
    products = _multiply(_input_factors(inputs, axis), factors)
    results = _combine(_OF_RESULTS, _parts(products))

    def gradient(upstream):
      by_results = _combine(
        np.transpose(_OF_RESULTS), _separate(upstream, axis)
      )
      by_products = tf.stack(by_results, axis=-4)
      by_inputs = _combine(
        np.transpose(_OF_INPUTS),
        _parts(_multiply(by_products, factors, transpose_b=True)),
      )
      return (
        # Otherwise XLA recomputes it for every number that depends on it.
        computed_once(_overlap(by_inputs, axis), factors),
        _by_kernel(inputs, by_products, kernel.shape, axis),
      )

    return _join(results, axis), gradient

  return filtered(inputs, kernel)


def _separate(values: tf.Tensor, axis: int) -> list[tf.Tensor]:
  """First, second, third and fourth elements of all tiles along an axis."""
  shape = values.shape.as_list()
  tiles = shape[axis] // _RESULTS
  separate = [*shape[:axis], tiles, _RESULTS, *shape[axis + 1 :]]
  return tf.unstack(tf.reshape(values, separate), axis=axis)


def _join(parts: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
  """The inverse of `_separate`."""
  shape = parts[0].shape.as_list()
  shape[axis] *= _RESULTS
  return tf.reshape(tf.stack(parts, axis=axis), shape)


def _input_factors(inputs: tf.Tensor, axis: int) -> tf.Tensor:
  """Sums of the six inputs of every tile, `[..., 6, u, b, c]`."""
  own = _separate(inputs, axis)
  seen = [shift(own[-1], -1, axis), *own, shift(own[0], 1, axis)]
  return tf.stack(_combine(_OF_INPUTS, seen), axis=-4)


def _overlap(by_seen: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
  """Sums the gradients by the six inputs of every tile to those by inputs."""
  before, first, *middle, last, after = by_seen
  first += shift(after, -1, axis)
  last += shift(before, 1, axis)
  return _join([first, *middle, last], axis)


def _kernel_factors(kernel: tf.Tensor) -> tf.Tensor:
  """`[..., 3, c, c']` to `[..., 6, c, c']`."""
  weights = tf.constant(_OF_KERNELS, kernel.dtype)
  return tf.einsum("ft,...tij->...fij", weights, kernel)


def _by_kernel(
  inputs: tf.Tensor, by_products: tf.Tensor, shape: tf.TensorShape, axis: int
) -> tf.Tensor:
  """The gradient by a kernel of the given shape."""
  rows = _as_rows(by_products)
  parts = tf.split(inputs, _narrow_parts(inputs.shape[-1]), axis=-1)
  by_factors = tf.concat(
    [
      tf.matmul(_as_rows(_input_factors(part, axis)), rows, transpose_a=True)
      for part in parts
    ],
    axis=-2,
  )
  extra = by_factors.shape.rank - shape.rank
  by_factors = tf.reduce_sum(by_factors, axis=list(range(extra)))
  weights = tf.constant(_OF_KERNELS, by_factors.dtype)
  return tf.einsum("ft,...fij->...tij", weights, by_factors)


def _narrow_parts(channels: int) -> list[int]:
  """Splits channels into sizes that are not multiples of 32.

  The product reads its left factor by columns. Where rows are a multiple of
  128 bytes long, the numbers of a column compete for a few cache lines.
  """
  if channels % 32:
    return [channels]
  return [channels // 2 + 8, channels // 2 - 8]


def _multiply(
  inputs: tf.Tensor, factors: tf.Tensor, transpose_b: bool = False
) -> tf.Tensor:
  """`[..., 6, u, b, c]` times `[..., 6, c, c']`."""
  outputs = tf.matmul(_as_rows(inputs), factors, transpose_b=transpose_b)
  return tf.reshape(outputs, [*inputs.shape[:-1], outputs.shape[-1]])


def _as_rows(values: tf.Tensor) -> tf.Tensor:
  """`[..., u, b, c]` as `[..., u * b, c]`."""
  *lead, units, examples, channels = values.shape
  return tf.reshape(values, [*lead, units * examples, channels])


def _parts(products: tf.Tensor) -> list[tf.Tensor]:
  """`[..., 6, u, b, c]` as six tensors."""
  return tf.unstack(products, axis=-4)


def _combine(
  matrix: Sequence[Sequence[float]], parts: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
  """Sums of the parts, weighted by every row of the matrix."""
  return [
    tf.add_n(
      [_times(weight, part) for weight, part in zip(row, parts) if weight]
    )
    for row in matrix
  ]


def _times(weight: float, values: tf.Tensor) -> tf.Tensor:
  """Multiplies; for weights 1 and -1 without a constant in the graph."""
  if abs(weight) == 1:
    return values if weight > 0 else -values
  return float(weight) * values
