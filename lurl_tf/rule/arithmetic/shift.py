# SPDX-License-Identifier: Apache-2.0
"""Neighbours along one axis of a tensor."""

import tensorflow as tf


def shift(inputs: tf.Tensor, offset: int, axis: int) -> tf.Tensor:
  """Element `i` of the result is element `i + offset`, or zero.

  Args:
    inputs: any.
    offset: of the neighbour.
    axis: a negative number, from the last axis.
  """
  size = inputs.shape[axis]
  offset = max(-size, min(size, offset))
  if offset == 0:
    return inputs
  rank = inputs.shape.rank
  paddings = [[0, 0]] * rank
  begin = [0] * rank
  length = inputs.shape.as_list()
  paddings[rank + axis] = [max(0, -offset), max(0, offset)]
  begin[rank + axis] = max(0, offset)
  length[rank + axis] = size - abs(offset)
  return tf.pad(tf.slice(inputs, begin, length), paddings)
