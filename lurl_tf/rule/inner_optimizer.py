# SPDX-License-Identifier: Apache-2.0
"""How proposals become the next weights."""

from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.structures import LayerWeights

DEFAULT_LEARNING_RATE = 1e-4


def apply_changes(
  weights: Sequence[LayerWeights],
  changes: Sequence[LayerWeights],
  learning_rate: tf.Tensor | float,
) -> tuple[LayerWeights, ...]:
  """`x * (1 - learning_rate) - learning_rate * change` for all weights.

  Args:
    weights: `LayerWeights` of every layer.
    changes: the proposals, shaped like `weights`.
    learning_rate: a scalar, or one per task, `[t]`.

  Returns:
    The next `LayerWeights` of every layer.
  """
  rate = tf.convert_to_tensor(learning_rate, weights[0].kernel.dtype)

  def step(weight, change):
    trailing = weight.shape.rank - rate.shape.rank if rate.shape.rank else 0
    own_rate = tf.reshape(rate, [*rate.shape, *[1] * trailing])
    return weight * (1 - own_rate) - own_rate * change

  return tuple(
    LayerWeights(*map(step, layer, change))
    for layer, change in zip(weights, changes)
  )


def scheduled_rate(
  knots: tf.Tensor | Sequence[float], progress: tf.Tensor | float
) -> tf.Tensor:
  """A learning rate that is piecewise log-linear in the share of steps done.

  Args:
    knots: `[n]` or `[t, n]` positive rates, at evenly spaced progress from 0
      to 1; one knot is a constant rate.
    progress: t / T, a scalar or `[t]`; clamped to 0 and 1, so that the last
      rate goes on beyond T.

  Returns:
    Rates, a scalar or `[t]`.

  Example:

  >>> rate = lurl_tf.rule.scheduled_rate([0.1, 0.001], 0.5)
  >>> round(float(rate), 6)
  0.01
  """
  logarithms = tf.math.log(tf.convert_to_tensor(knots))
  progress = tf.clip_by_value(tf.cast(progress, logarithms.dtype), 0.0, 1.0)
  last = logarithms.shape[-1] - 1
  # Hat functions instead of a gather: differentiable on every device.
  places = tf.range(last + 1, dtype=logarithms.dtype)
  distances = tf.abs(progress[..., tf.newaxis] * last - places)
  shares = tf.maximum(1.0 - distances, 0.0)
  return tf.exp(tf.reduce_sum(shares * logarithms, axis=-1))
