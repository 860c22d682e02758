# SPDX-License-Identifier: Apache-2.0
"""The formula of Adam for one array (Kingma and Ba 2015)."""

from typing import NamedTuple

import tensorflow as tf


class AdamStep(NamedTuple):
  """Result of one step of Adam.

  Attributes:
    weight: Next weight.
    mean: Next decaying mean of changes.
    square: Next decaying mean of squared changes.
  """

  weight: tf.Tensor
  mean: tf.Tensor
  square: tf.Tensor


def adam_step(
  weight: tf.Tensor,
  change: tf.Tensor,
  mean: tf.Tensor,
  square: tf.Tensor,
  rate: tf.Tensor,
  step: tf.Tensor,
  beta_1: float = 0.9,
  beta_2: float = 0.999,
  epsilon: float = 1e-7,
) -> AdamStep:
  """Takes one step with the formula of `keras.optimizers.Adam`.

      m = beta_1 m + (1 - beta_1) change
      v = beta_2 v + (1 - beta_2) change^2
      weight - rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

  Args:
    weight: Tensor of any shape.
    change: Proposed change, shaped like `weight`.
    mean: m after the last step, shaped like `weight`.
    square: v after the last step, shaped like `weight`.
    rate: Learning rate; broadcasts to `weight`.
    step: Number of earlier steps, t - 1; broadcasts to `weight`.
    beta_1: Decay of the mean.
    beta_2: Decay of the squares.
    epsilon: Number added to the root of the squares.

  Returns:
    `AdamStep`.
  """
  dtype = weight.dtype

  def decayed(average, value, beta):
    return average + (1 - beta) * (value - average)

  def bias(beta):
    return 1 - tf.constant(beta, dtype) ** tf.cast(step + 1, dtype)

  mean = decayed(mean, change, beta_1)
  square = decayed(square, change * change, beta_2)
  own_rate = rate * tf.sqrt(bias(beta_2)) / bias(beta_1)
  return AdamStep(
    weight - own_rate * mean / (_root(square) + epsilon), mean, square
  )


def _root(square: tf.Tensor) -> tf.Tensor:
  """Square root with a derivative of 0 at 0.

  The derivative of the plain root is infinite at 0; multiplied by that of the
  square, which is 0, it gives NaN. A single `where` gives NaN too, since its
  gradient multiplies by 0.
  """
  positive = square > 0
  root = tf.sqrt(tf.where(positive, square, tf.ones_like(square)))
  return tf.where(positive, root, tf.zeros_like(root))
