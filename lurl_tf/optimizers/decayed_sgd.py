# SPDX-License-Identifier: Apache-2.0
"""The published inner optimizer: a step along the change, and a decay."""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from lurl_tf.structures import LayerWeights

DEFAULT_LEARNING_RATE = 1e-4

LearningRate = (
  float | keras.optimizers.schedules.LearningRateSchedule | Callable[[], float]
)


def decayed_step(weight: Any, change: Any, rate: Any) -> Any:
  """Computes `weight * (1 - rate) - rate * change`.

  Section 8 of `docs/the_rule.md`.

  Args:
    weight: Tensor of any shape.
    change: Proposed change, shaped like `weight`.
    rate: Learning rate and weight decay; broadcasts to `weight`.

  Returns:
    Next weight.
  """
  return weight * (1 - rate) - rate * change


def per_task(value: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
  """Reshapes a number, or one per task, so that it broadcasts to a weight.

  Args:
    value: Scalar or `[t]`.
    weight: Tensor of any shape; `[t, ...]` if `value` is `[t]`.

  Returns:
    A scalar, or `[t, 1, ...]` of the rank of `weight`.
  """
  trailing = weight.shape.rank - value.shape.rank if value.shape.rank else 0
  return tf.reshape(value, [*value.shape, *[1] * trailing])


def apply_changes(
  weights: Sequence[LayerWeights],
  changes: Sequence[LayerWeights],
  learning_rate: tf.Tensor | float,
) -> tuple[LayerWeights, ...]:
  """Computes `x * (1 - learning_rate) - learning_rate * change`.

  Args:
    weights: `LayerWeights` of every layer.
    changes: Proposed changes, shaped like `weights`.
    learning_rate: Scalar, or `[t]`, one per task.

  Returns:
    The next `LayerWeights` of every layer.
  """
  rate = tf.convert_to_tensor(learning_rate, weights[0].kernel.dtype)

  def step(weight, change):
    return decayed_step(weight, change, per_task(rate, weight))

  return tuple(
    LayerWeights(*map(step, layer, change))
    for layer, change in zip(weights, changes)
  )


@keras.saving.register_keras_serializable(package="lurl_tf")
class DecayedSGD(keras.optimizers.Optimizer):
  """`x * (1 - learning_rate) - learning_rate * change`, as a Keras optimizer.

  The published inner optimizer (Metz et al. 2019): gradient descent whose
  learning rate is also its weight decay. The change is the gradient of Keras,
  or the proposal of a rule.

  Args:
    learning_rate: Number from 0 to 1, a `LearningRateSchedule` such as
      `LogLinearRate`, or a function without arguments.
    name: Name of the optimizer.
    **kwargs: Further options of `keras.optimizers.Optimizer`, such as
      `clipnorm`. Its `weight_decay` is added to the decay above.

  Raises:
    ValueError: If the learning rate is a number out of range.

  Example:

  ```python
  model = keras.Sequential([keras.Input([4]), keras.layers.Dense(1)])
  optimizer = lurl_tf.optimizers.DecayedSGD(learning_rate=0.01)
  model.compile(optimizer=optimizer, loss="mse")
  ```
  """

  def __init__(
    self,
    learning_rate: LearningRate = DEFAULT_LEARNING_RATE,
    name: str = "decayed_sgd",
    **kwargs: Any,
  ):
    if isinstance(learning_rate, numbers.Real):
      learning_rate = float(learning_rate)
      if not (math.isfinite(learning_rate) and 0 <= learning_rate <= 1):
        raise ValueError(
          "`learning_rate` must be from 0 to 1, or a schedule. "
          f"Received: learning_rate={learning_rate}"
        )
    super().__init__(learning_rate=learning_rate, name=name, **kwargs)

  def update_step(
    self,
    gradient: tf.Tensor,
    variable: keras.Variable,
    learning_rate: tf.Tensor,
  ) -> None:
    """Updates one variable; called by Keras.

    Args:
      gradient: Change, shaped like the variable.
      variable: Variable to update.
      learning_rate: Scalar.
    """
    rate = keras.ops.cast(learning_rate, variable.dtype)
    change = keras.ops.cast(gradient, variable.dtype)
    value = keras.ops.convert_to_tensor(variable)
    self.assign(variable, decayed_step(value, change, rate))
