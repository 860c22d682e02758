# SPDX-License-Identifier: Apache-2.0
"""Random starting weights of a base model."""

import math
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.structures import LayerWeights

KERNEL_STDDEV = 0.01
BIAS_STDDEV = 0.1


def initial_weights(
  input_size: int,
  units: Sequence[int],
  seed: tf.Tensor | Sequence[int],
  dtype: str = "float32",
) -> tuple[LayerWeights, ...]:
  """Draws phi: every weight from a truncated normal distribution.

  Kernels and backward kernels are independent, of standard deviation 0.01;
  biases of 0.1 (as in the released program). The same seed gives the same
  weights up to rounding, in a graph and outside one, and on every device.

  Args:
    input_size: number of inputs.
    units: units of each layer, bottom first.
    seed: two integers.
    dtype: float type of the weights.

  Returns:
    `LayerWeights` of every layer, bottom first.

  Raises:
    ValueError: if a size is not positive.
  """
  sizes = (input_size, *units)
  if len(sizes) < 2 or min(sizes) < 1:
    raise ValueError(
      "`input_size` must be positive and `units` at least one positive "
      f"number. Received: input_size={input_size}, units={tuple(units)}"
    )
  draws = tf.random.split(seed, num=3 * len(units), alg="philox")

  def draw(index, shape, stddev):
    return stddev * _truncated_normal(shape, draws[index], dtype)

  return tuple(
    LayerWeights(
      kernel=draw(3 * layer, [below, above], KERNEL_STDDEV),
      bias=draw(3 * layer + 1, [above], BIAS_STDDEV),
      backward_kernel=draw(3 * layer + 2, [below, above], KERNEL_STDDEV),
    )
    for layer, (below, above) in enumerate(zip(sizes[:-1], sizes[1:]))
  )


def _truncated_normal(shape, seed, dtype):
  """A unit normal, cut at two standard deviations.

  XLA turns the same random bits into other floating-point numbers than the rest
  of TensorFlow does, but into the same integers.
  """
  integers = tf.random.stateless_uniform(
    shape, seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
  )
  share = tf.cast(integers, dtype) / 2**31
  root = math.sqrt(2)
  return root * tf.math.erfinv(math.erf(root) * share)
