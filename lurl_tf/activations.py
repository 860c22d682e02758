# SPDX-License-Identifier: Apache-2.0
"""Activations of base models: those of Keras, and a step function."""

from collections.abc import Callable
from typing import Any

import keras

Activation = str | Callable[[Any], Any]


@keras.saving.register_keras_serializable(package="lurl_tf")
def step(inputs: Any) -> Any:
  """The step function: 1 where the input is positive, else 0.

  Its derivative is 0 almost everywhere; update rules do not use it.

  Args:
    inputs: Tensor.

  Returns:
    Tensor of the same shape and type.

  Example:

  >>> lurl_tf.activations.step(tf.constant([-1.0, 0.0, 2.0])).numpy().tolist()
  [0.0, 0.0, 1.0]
  """
  inputs = keras.ops.convert_to_tensor(inputs)
  return keras.ops.cast(inputs > 0, inputs.dtype)


def get(identifier: Any) -> Callable[[Any], Any]:
  """Finds an activation like `keras.activations.get`, or `"step"`.

  Args:
    identifier: Name, callable, None for the identity, or return value of
      `keras.activations.serialize`.

  Returns:
    A callable.

  Raises:
    ValueError: If there is no such activation.
  """
  return step if identifier == "step" else keras.activations.get(identifier)
