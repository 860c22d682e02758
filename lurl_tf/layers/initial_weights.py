# SPDX-License-Identifier: Apache-2.0
"""Random initial weights of a base model."""

from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.random_numbers import truncated_normal
from lurl_tf.structures import LayerWeights

# Standard deviations of the released program.
KERNEL_STDDEV = 0.01
BIAS_STDDEV = 0.1


def initial_weights(
  input_size: int,
  units: Sequence[int],
  seed: tf.Tensor | Sequence[int],
  dtype: str = "float32",
) -> tuple[LayerWeights, ...]:
  """Draws phi: every weight from a truncated normal distribution.

  Kernels and backward kernels are independent, with standard deviation 0.01;
  biases have 0.1 (as in the released program). The same seed gives the same
  weights up to rounding, inside and outside of graphs, on every device.

  Args:
    input_size: Number of inputs.
    units: Units of each layer, bottom first.
    seed: Two integers.
    dtype: Float type of the weights.

  Returns:
    `LayerWeights` of every layer, bottom first.

  Raises:
    ValueError: If a size is not positive.
  """
  sizes = (input_size, *units)
  if len(sizes) < 2 or min(sizes) < 1:
    raise ValueError(
      "`input_size` must be positive and `units` at least one positive "
      f"number. Received: input_size={input_size}, units={tuple(units)}"
    )
  draws = tf.random.split(seed, num=3 * len(units), alg="philox")

  def draw(index, shape, stddev):
    return stddev * truncated_normal(shape, draws[index], dtype)

  return tuple(
    LayerWeights(
      kernel=draw(3 * layer, [below, above], KERNEL_STDDEV),
      bias=draw(3 * layer + 1, [above], BIAS_STDDEV),
      backward_kernel=draw(3 * layer + 2, [below, above], KERNEL_STDDEV),
    )
    for layer, (below, above) in enumerate(zip(sizes[:-1], sizes[1:]))
  )
