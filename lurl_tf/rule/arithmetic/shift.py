# SPDX-License-Identifier: Apache-2.0
"""Shifts along one axis of a tensor."""

import tensorflow as tf


def shift(inputs: tf.Tensor, offset: int, axis: int) -> tf.Tensor:
  """Shifts a tensor along one axis, with zeros at the end.

      result[i] = inputs[i + offset], or 0 outside

  Args:
    inputs: Tensor.
    offset: Integer distance to the neighbour.
    axis: Negative integer, counted from the last axis.

  Returns:
    Tensor of the shape of `inputs`.
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
