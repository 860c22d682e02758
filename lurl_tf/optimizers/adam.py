# SPDX-License-Identifier: Apache-2.0
"""The formula of Adam for one array (Kingma and Ba 2015)."""

from typing import NamedTuple

import tensorflow as tf


class AdamStep(NamedTuple):
  """What one step of Adam leads to.

  Attributes:
    weight: the next weight.
    mean: the next decaying mean of changes.
    square: the next decaying mean of their squares.
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
  """One step, as `keras.optimizers.Adam` takes it.

  Args:
    weight: any shape.
    change: shaped like `weight`; what is a gradient to Keras.
    mean: shaped like `weight`, of the last step.
    square: shaped like `weight`, of the last step.
    rate: the learning rate; broadcasts to `weight`.
    step: steps done before, integers; broadcasts to `weight`.
    beta_1: decay of the mean.
    beta_2: decay of the square.
    epsilon: added to the root of the square.

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
  """The square root, with a derivative of 0 at 0.

  The root's own is infinite, and infinity times the square's derivative, 0, is
  not a number. One `where` would not do: its gradient multiplies by 0.
  """
  positive = square > 0
  root = tf.sqrt(tf.where(positive, square, tf.ones_like(square)))
  return tf.where(positive, root, tf.zeros_like(root))
