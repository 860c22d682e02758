# SPDX-License-Identifier: Apache-2.0
"""From one gradient per task slot to one gradient: skip, clip, average."""

from typing import NamedTuple

import tensorflow as tf


class AveragedGradient(NamedTuple):
  """An average over slots.

  Attributes:
    gradients: a list of tensors without the axis of tasks.
    norms: `[t]`, norms before clipping; not finite where a slot was skipped.
    usable: `[t]` bool, the slots that count.
  """

  gradients: list[tf.Tensor]
  norms: tf.Tensor
  usable: tf.Tensor


def average_slots(
  gradients: list[tf.Tensor], losses: tf.Tensor, clip_norm: float
) -> AveragedGradient:
  """Averages gradients over task slots.

  A slot whose loss or gradient is not finite is left out. Each of the others is
  scaled down to a norm of `clip_norm`, so that one exploding slot does not eat
  the others.

  Args:
    gradients: tensors with a leading axis of tasks.
    losses: `[t]`.
    clip_norm: largest norm of a slot's gradient over all tensors.

  Returns:
    `AveragedGradient`; zeros where no slot is usable.
  """
  squares = [
    tf.reduce_sum(tf.square(each), axis=list(range(1, each.shape.rank)))
    for each in gradients
  ]
  norms = tf.sqrt(tf.add_n(squares))
  usable = tf.math.is_finite(norms) & tf.math.is_finite(losses)
  count = tf.reduce_sum(tf.cast(usable, norms.dtype))
  scale = clip_norm / tf.maximum(norms, clip_norm) / tf.maximum(count, 1.0)

  def average(each):
    trailing = [1] * (each.shape.rank - 1)
    mask = tf.reshape(usable, [-1, *trailing])
    # Where, not a product: zero times infinity is not a number.
    scaled = tf.where(
      mask, each * tf.reshape(scale, [-1, *trailing]), tf.zeros_like(each)
    )
    return tf.reduce_sum(scaled, axis=0)

  return AveragedGradient([average(each) for each in gradients], norms, usable)
