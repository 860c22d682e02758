# SPDX-License-Identifier: Apache-2.0
"""Backpropagation and feedback alignment, written as update rules."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import tensorflow as tf

from lurl_tf import activations as activation_functions
from lurl_tf.activations import Activation
from lurl_tf.layers.forward_pass import (
  VARIANCE_EPSILON,
  batch_moments,
  normalize,
)
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule.hand_designed.batch_products import centred
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import Activations, LayerWeights

Feedback = Literal["kernel", "backward_kernel"]


@keras.saving.register_keras_serializable(package="lurl_tf")
class Backpropagation(LocalRule):
  """Gradient descent written as a rule, for comparison; it is supervised.

  The first k pre-activations of the top layer are the logits of k classes. The
  proposals are the gradient of their mean softmax cross-entropy over the batch,
  batch normalisation included, whose backward pass needs a unit's own values
  only.

  With `feedback="backward_kernel"`, V carries the error signal downwards in
  place of W: feedback alignment (Lillicrap et al. 2016). V then does not
  change. With `"kernel"`, V gets the change of W and is not used.

  Args:
    activation: Activation of the base model, a name or a differentiable
      callable.
    feedback: `"kernel"` to carry the error signal through W, which is exact;
      `"backward_kernel"` to carry it through V.

  Raises:
    ValueError: If the activation or the feedback is unknown.

  Example:

  >>> rule = lurl_tf.rule.Backpropagation()
  >>> weights = lurl_tf.layers.initial_weights(4, units=(8, 3), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> targets = tf.one_hot(tf.range(16) % 3, 3)
  >>> weights = lurl_tf.inner_step(
  ...   rule.with_targets(targets), weights, inputs, learning_rate=0.1
  ... )
  """

  needs_targets = True

  def __init__(
    self, activation: Activation = "relu", feedback: Feedback = "kernel"
  ):
    super().__init__(name="backpropagation")
    if feedback not in ("kernel", "backward_kernel"):
      raise ValueError(
        "`feedback` must be 'kernel' or 'backward_kernel'. "
        f"Received: feedback={feedback!r}"
      )
    self.activation = activation_functions.get(activation)
    self.feedback = feedback
    self.metadata = PresetMetadata(
      units=(128, 32),
      activation=activation if isinstance(activation, str) else "relu",
      inner_steps=100,
      inner_learning_rates=(0.01,),
    )

  def __call__(
    self, weights: Sequence[LayerWeights], activations: Activations
  ) -> tuple[LayerWeights, ...]:
    raise ValueError(
      "A supervised rule needs targets: call the return value of "
      "`rule.with_targets(targets)`, or train with labels, for instance by "
      "`LocalRuleModel.fit`. Received: no targets"
    )

  def with_targets(
    self, targets: tf.Tensor
  ) -> Callable[
    [Sequence[LayerWeights], Activations], tuple[LayerWeights, ...]
  ]:
    """Makes the rule for one labelled batch.

    Args:
      targets: `[..., b, k]` one-hot, with k at most the units of the top layer.

    Returns:
      A callable that takes weights and activations, like a rule. It raises
      ValueError if the targets do not fit them.
    """
    return functools.partial(self._propose, tf.convert_to_tensor(targets))

  def check_activation(self, activation: Activation) -> None:
    """Raises ValueError unless the activation is that of the rule.

    Args:
      activation: Activation of the base model's layers.
    """
    if activation_functions.get(activation) is not self.activation:
      own = getattr(self.activation, "__name__", self.activation)
      other = getattr(activation, "__name__", activation)
      raise ValueError(
        f"The layers must have the rule's activation, {own!r}. "
        f"Received: activation={other!r}"
      )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of `__init__`, as plain values."""
    return {
      "activation": keras.activations.serialize(self.activation),
      "feedback": self.feedback,
    }

  def _propose(self, targets, weights, activations):
    inputs = (activations.inputs, *activations.post_activations[:-1])
    error = _logits_error(targets, activations.pre_activations[-1])
    changes = []
    for index in reversed(range(len(weights))):
      layer = weights[index]
      linear_error = _before_normalization(error, inputs[index], layer.kernel)
      kernel_change = tf.matmul(inputs[index], linear_error, transpose_a=True)
      exact = self.feedback == "kernel"
      changes.append(
        LayerWeights(
          kernel_change,
          tf.reduce_sum(error, axis=-2),
          kernel_change if exact else tf.zeros_like(layer.backward_kernel),
        )
      )
      if index > 0:
        carrier = layer.kernel if exact else layer.backward_kernel
        error = self._before_activation(
          tf.matmul(linear_error, carrier, transpose_b=True),
          activations.pre_activations[index - 1],
        )
    return tuple(changes[::-1])

  def _before_activation(self, error, pre_activations):
    with tf.GradientTape() as tape:
      tape.watch(pre_activations)
      outputs = self.activation(pre_activations)
    return tape.gradient(
      outputs,
      pre_activations,
      output_gradients=error,
      unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )


def _logits_error(targets: tf.Tensor, pre_activations: tf.Tensor) -> tf.Tensor:
  """Gradient of the loss by the top pre-activations, `[..., b, j]`."""
  units, batch_shape = pre_activations.shape[-1], pre_activations.shape[:-1]
  if targets.shape.rank < 2 or not 1 <= targets.shape[-1] <= units:
    raise ValueError(
      "`targets` must be one-hot, [..., b, k], with at most as many classes as "
      f"the top layer has units, {units}. "
      f"Received: targets of shape {tuple(targets.shape)}"
    )
  if not targets.shape[:-1].is_compatible_with(batch_shape):
    raise ValueError(
      f"`targets` must have the batch's shape, {tuple(batch_shape)}. "
      f"Received: targets of shape {tuple(targets.shape)}"
    )
  num_classes = targets.shape[-1]
  shares = tf.nn.softmax(pre_activations[..., :num_classes])
  batch_size = tf.cast(tf.shape(shares)[-2], shares.dtype)
  error = (shares - tf.cast(targets, shares.dtype)) / batch_size
  others = tf.zeros_like(pre_activations[..., num_classes:])
  return tf.concat([error, others], axis=-1)


def _before_normalization(
  error: tf.Tensor, inputs: tf.Tensor, kernel: tf.Tensor
) -> tf.Tensor:
  """Backward pass of batch normalisation, separate for every unit."""
  linear = tf.matmul(inputs, kernel)
  moments = batch_moments(linear)
  normalized = normalize(linear, moments)
  along = tf.reduce_mean(error * normalized, axis=-2, keepdims=True)
  scale = tf.math.rsqrt(moments.variance + VARIANCE_EPSILON)
  return scale * (centred(error) - normalized * along)
