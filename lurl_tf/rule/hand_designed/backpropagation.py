# SPDX-License-Identifier: Apache-2.0
"""Backpropagation, and feedback alignment, behind the protocol of rules."""

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
  """Gradient descent written as a rule: what unsupervised rules do without.

  It is supervised. The first k pre-activations of the top layer are the logits
  of k classes, and the proposals are the gradient of their mean softmax
  cross-entropy over the batch, batch normalisation included: a unit's backward
  pass through it needs that unit's values only.

  With `feedback="backward_kernel"`, V carries the error signal downwards in
  place of W: feedback alignment (Lillicrap et al. 2016). V then gets no change
  of its own. With `"kernel"` it gets that of W, and plays no part.

  Args:
    activation: of the base model: a name, or a callable that is
      differentiable. It has to be the one that made the activations.
    feedback: what carries the error signal downwards: `"kernel"`, W, which is
      exact; or `"backward_kernel"`, V.

  Raises:
    ValueError: if the activation or the feedback is unknown.

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
      "A supervised rule needs targets: call what "
      "`rule.with_targets(targets)` returns, or train by what does so, such as "
      "`LocalRuleModel.fit` with labels. Received: no targets"
    )

  def with_targets(
    self, targets: tf.Tensor
  ) -> Callable[
    [Sequence[LayerWeights], Activations], tuple[LayerWeights, ...]
  ]:
    """The rule for one labelled batch.

    Args:
      targets: `[..., b, k]` one-hot; k no more than the top layer's units.

    Returns:
      A callable that takes weights and activations, as rules do. It raises
      ValueError if the targets do not fit them.
    """
    return functools.partial(self._propose, tf.convert_to_tensor(targets))

  def check_activation(self, activation: Activation) -> None:
    """Raises ValueError unless it is the one whose derivative is taken.

    Args:
      activation: of a base model's layer.
    """
    if activation_functions.get(activation) is not self.activation:
      own = getattr(self.activation, "__name__", self.activation)
      other = getattr(activation, "__name__", activation)
      raise ValueError(
        f"The layers must have the rule's activation, {own!r}. "
        f"Received: activation={other!r}"
      )

  def get_config(self) -> dict[str, Any]:
    """The arguments of `__init__`, as plain values."""
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
  """The loss's gradient for the top layer's pre-activations, `[..., b, j]`."""
  units, batch_shape = pre_activations.shape[-1], pre_activations.shape[:-1]
  if targets.shape.rank < 2 or not 1 <= targets.shape[-1] <= units:
    raise ValueError(
      "`targets` must be one-hot, [..., b, k], of at most as many classes as "
      f"the top layer has units, {units}. "
      f"Received: targets of shape {tuple(targets.shape)}"
    )
  if not targets.shape[:-1].is_compatible_with(batch_shape):
    raise ValueError(
      f"`targets` must be of the batch's examples, {tuple(batch_shape)}. "
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
  """Batch normalisation's backward pass; no unit needs another's values."""
  linear = tf.matmul(inputs, kernel)
  moments = batch_moments(linear)
  normalized = normalize(linear, moments)
  along = tf.reduce_mean(error * normalized, axis=-2, keepdims=True)
  scale = tf.math.rsqrt(moments.variance + VARIANCE_EPSILON)
  return scale * (centred(error) - normalized * along)
