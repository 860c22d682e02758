# SPDX-License-Identifier: Apache-2.0
"""One application of a rule: the inner step."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from lurl_tf.layers.forward_pass import Activation, forward
from lurl_tf.optimizers import DEFAULT_LEARNING_RATE, apply_changes
from lurl_tf.structures import Activations, LayerWeights

Rule = Callable[[Sequence[LayerWeights], Activations], tuple[LayerWeights, ...]]


def inner_step(
  rule: Rule,
  weights: Sequence[LayerWeights],
  inputs: tf.Tensor,
  learning_rate: tf.Tensor | float = DEFAULT_LEARNING_RATE,
  activation: Activation = "relu",
) -> tuple[LayerWeights, ...]:
  """Applies a rule to one unlabelled batch; a pure function.

  Args:
    rule: `UpdateRule`, or any callable that takes weights and activations and
      returns proposed changes.
    weights: `LayerWeights` of every layer, bottom first.
    inputs: `[b, i]`, or `[t, b, i]` with weights of `t` tasks; already permuted
      if the task permutes inputs.
    learning_rate: Learning rate and weight decay of the inner optimizer, a
      scalar or `[t]`.
    activation: Activation of the base model.

  Returns:
    The next `LayerWeights` of every layer.

  Raises:
    ValueError: If weights, inputs and rule do not fit each other.

  Example:

  >>> rule = lurl_tf.UpdateRule(seed=0)
  >>> weights = lurl_tf.layers.initial_weights(4, units=(8, 32), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(rule, weights, inputs)
  >>> weights[0].kernel.shape
  TensorShape([4, 8])
  """
  weights = tuple(
    LayerWeights(*map(tf.convert_to_tensor, layer)) for layer in weights
  )
  check_shapes(weights, tf.convert_to_tensor(inputs))
  activations = forward(weights, inputs, activation)
  return apply_changes(weights, rule(weights, activations), learning_rate)


def check_shapes(weights: Sequence[LayerWeights], inputs: tf.Tensor) -> None:
  """Raises ValueError unless the layers form a chain that fits the inputs.

  Args:
    weights: `LayerWeights` of every layer, bottom first.
    inputs: `[..., b, i]`.

  Raises:
    ValueError: If shapes do not match, or a batch has fewer than two examples.
  """
  below = inputs.shape[-1]
  for index, layer in enumerate(weights):
    if layer.kernel.shape[-2] != below:
      raise ValueError(
        f"Layer {index} must have {below} inputs, the outputs below it. "
        f"Received: kernel of shape {tuple(layer.kernel.shape)}"
      )
    below = layer.kernel.shape[-1]
    if layer.backward_kernel.shape != layer.kernel.shape:
      raise ValueError(
        f"Kernel and backward kernel of layer {index} must have one shape. "
        f"Received: {tuple(layer.kernel.shape)} and "
        f"{tuple(layer.backward_kernel.shape)}"
      )
    if layer.bias.shape[-1] != below:
      raise ValueError(
        f"The bias of layer {index} must have {below} units. "
        f"Received: bias of shape {tuple(layer.bias.shape)}"
      )
  if inputs.shape[-2] is not None and inputs.shape[-2] < 2:
    raise ValueError(
      "A rule needs at least two examples in a batch. "
      f"Received: inputs of shape {tuple(inputs.shape)}"
    )
