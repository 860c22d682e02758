# SPDX-License-Identifier: Apache-2.0
"""Activations of base models: Keras's own, and a step function."""

from collections.abc import Callable
from typing import Any

import keras

Activation = str | Callable[[Any], Any]


@keras.saving.register_keras_serializable(package="lurl_tf")
def step(inputs: Any) -> Any:
  """The step function: 1 where the input is positive, else 0.

  It has no useful derivative, and an update rule needs none.

  Args:
    inputs: a tensor.

  Returns:
    A tensor of the same shape and type.

  Example:

  >>> lurl_tf.activations.step(tf.constant([-1.0, 0.0, 2.0])).numpy().tolist()
  [0.0, 0.0, 1.0]
  """
  inputs = keras.ops.convert_to_tensor(inputs)
  return keras.ops.cast(inputs > 0, inputs.dtype)


def get(identifier: Any) -> Callable[[Any], Any]:
  """The activation of a name; as `keras.activations.get`, and `"step"`.

  Args:
    identifier: a name, a callable, None for the identity, or what
      `keras.activations.serialize` makes of one.

  Returns:
    A callable.

  Raises:
    ValueError: if there is no such activation.
  """
  return step if identifier == "step" else keras.activations.get(identifier)
