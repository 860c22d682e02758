# SPDX-License-Identifier: Apache-2.0
"""Learning rates that are piecewise linear in their logarithm."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def scheduled_rate(
  knots: tf.Tensor | Sequence[float], progress: tf.Tensor | float
) -> tf.Tensor:
  """Computes a learning rate that is piecewise log-linear in the progress.

  Args:
    knots: `[n]` or `[t, n]` positive rates, at evenly spaced progress from 0
      to 1; one knot is a constant rate.
    progress: Share of the steps that are done, a scalar or `[t]`, clipped to
      [0, 1], so that the rate is constant after the last knot.

  Returns:
    Rates, a scalar or `[t]`.

  Example:

  >>> rate = lurl_tf.optimizers.scheduled_rate([0.1, 0.001], 0.5)
  >>> round(float(rate), 6)
  0.01
  """
  logarithms = tf.math.log(tf.convert_to_tensor(knots))
  progress = tf.clip_by_value(tf.cast(progress, logarithms.dtype), 0.0, 1.0)
  last = logarithms.shape[-1] - 1
  # Hat functions, since a gather is not differentiable on every device.
  places = tf.range(last + 1, dtype=logarithms.dtype)
  distances = tf.abs(progress[..., tf.newaxis] * last - places)
  shares = tf.maximum(1.0 - distances, 0.0)
  return tf.exp(tf.reduce_sum(shares * logarithms, axis=-1))


@keras.saving.register_keras_serializable(package="lurl_tf")
class LogLinearRate(keras.optimizers.schedules.LearningRateSchedule):
  """A schedule that is piecewise log-linear between knots, then constant.

  Args:
    knots: Positive rates, at evenly spaced steps from 0 to `decay_steps`.
    decay_steps: Step of the last knot, after which the rate is constant.

  Raises:
    ValueError: If a knot or the number of steps is not positive.

  Example:

  >>> schedule = lurl_tf.optimizers.LogLinearRate([0.1, 0.001], decay_steps=10)
  >>> [round(float(schedule(step)), 6) for step in (0, 5, 10, 99)]
  [0.1, 0.01, 0.001, 0.001]
  """

  def __init__(self, knots: Sequence[float], decay_steps: int):
    self.knots = tuple(map(float, knots))
    if not self.knots or not all(
      rate > 0 and math.isfinite(rate) for rate in self.knots
    ):
      raise ValueError(
        f"`knots` must be positive numbers. Received: knots={knots}"
      )
    if not decay_steps > 0:
      raise ValueError(
        f"`decay_steps` must be positive. Received: decay_steps={decay_steps}"
      )
    self.decay_steps = decay_steps

  def __call__(self, step: Any) -> tf.Tensor:
    """Returns the rate after a number of steps.

    Args:
      step: Number of steps.

    Returns:
      Scalar.
    """
    knots = tf.constant(self.knots, keras.config.floatx())
    step = tf.cast(keras.ops.convert_to_tensor(step), knots.dtype)
    return scheduled_rate(knots, step / self.decay_steps)

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of `__init__`, as plain values."""
    return {"knots": list(self.knots), "decay_steps": self.decay_steps}
