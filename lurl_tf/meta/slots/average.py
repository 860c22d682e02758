# SPDX-License-Identifier: Apache-2.0
"""From one gradient per task slot to one gradient: skip, clip, average."""

from typing import NamedTuple

import tensorflow as tf


class AveragedGradient(NamedTuple):
  """An average over slots.

  Attributes:
    gradient: `[n]`.
    norms: `[t]`, norms before clipping; not finite where a slot was skipped.
    usable: `[t]` bool, the slots that count.
  """

  gradient: tf.Tensor
  norms: tf.Tensor
  usable: tf.Tensor


def average_slots(
  gradients: tf.Tensor, losses: tf.Tensor, clip_norm: float
) -> AveragedGradient:
  """Averages gradients over task slots.

  A slot whose loss or gradient is not finite is left out. Each of the others is
  scaled down to a norm of `clip_norm`, so that one exploding slot does not eat
  the others.

  Args:
    gradients: `[t, n]`.
    losses: `[t]`.
    clip_norm: largest norm of a slot's gradient.

  Returns:
    `AveragedGradient`; zeros where no slot is usable.
  """
  norms = tf.norm(gradients, axis=1)
  usable = tf.math.is_finite(norms) & tf.math.is_finite(losses)
  count = tf.reduce_sum(tf.cast(usable, norms.dtype))
  scale = clip_norm / tf.maximum(norms, clip_norm) / tf.maximum(count, 1.0)
  # Where, not a product: zero times infinity is not a number.
  scaled = tf.where(
    usable[:, tf.newaxis],
    gradients * scale[:, tf.newaxis],
    tf.zeros_like(gradients),
  )
  return AveragedGradient(tf.reduce_sum(scaled, axis=0), norms, usable)
