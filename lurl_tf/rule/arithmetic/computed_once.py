# SPDX-License-Identifier: Apache-2.0
"""A limit to what XLA's CPU compiler fuses."""

import tensorflow as tf


def computed_once(values: tf.Tensor, part: tf.Tensor) -> tf.Tensor:
  """Makes XLA's CPU compiler compute values once, for all of their uses.

  Otherwise it recomputes them, one number at a time, for every neighbour that
  a shift joins. It drops optimization barriers before it fuses operations, but
  it does not fuse across a condition whose branches differ.

  Args:
    values: Tensor.
    part: Tensor of which each of the values is a sum. Where all of it is NaN,
      so are the values, and both branches are the same.

  Returns:
    The values.
  """
  return tf.cond(
    tf.reduce_all(tf.math.is_nan(part)),
    lambda: -values,
    lambda: tf.identity(values),
  )
