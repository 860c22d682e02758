# SPDX-License-Identifier: Apache-2.0
"""A bound for what XLA's processor compiler merges."""

import tensorflow as tf


def computed_once(values: tf.Tensor, part: tf.Tensor) -> tf.Tensor:
  """The values, which are then computed once and kept for all that use them.

  XLA's processor compiler would compute them anew for every neighbour that a
  shift joins, one number at a time. It drops optimization barriers before it
  merges. What a condition gives it leaves alone, if the branches differ.

  Args:
    values: any.
    part: of which every one of the values is a sum: where all of it is not a
      number, neither are they, and both branches are the same.
  """
  return tf.cond(
    tf.reduce_all(tf.math.is_nan(part)),
    lambda: -values,
    lambda: tf.identity(values),
  )
