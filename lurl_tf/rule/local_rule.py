# SPDX-License-Identifier: Apache-2.0
"""The base class of update rules; extend it to write a rule."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf import presets
from lurl_tf.activations import Activation
from lurl_tf.structures import Activations, LayerWeights


class LayerView(NamedTuple):
  """Quantities from which a rule computes the change of one layer.

  Attributes:
    weights: `LayerWeights` of the layer.
    inputs: x of the layer below, `[..., b, i]`.
    pre_activations: z, `[..., b, j]`.
    post_activations: x, `[..., b, j]`.
  """

  weights: LayerWeights
  inputs: tf.Tensor
  pre_activations: tf.Tensor
  post_activations: tf.Tensor


class LocalRule(tf.Module):
  """Base class of update rules.

  A rule maps the weights and activations of one batch to proposed changes,
  which the inner optimizer subtracts, like gradients. A rule that treats every
  layer separately overrides `layer_change`. A rule that passes signals between
  layers, such as the learned `UpdateRule`, overrides `__call__`. Both must be
  pure functions that work with and without a leading axis of tasks.

  To save models that use it, register the class with
  `keras.saving.register_keras_serializable()`, and return the arguments of its
  `__init__` from `get_config`.

  Attributes:
    needs_targets: Whether the rule is supervised. If so, apply the callable
      that `with_targets` returns.
    metadata: `PresetMetadata` of the rule: how it was made, and the base
      network it was made for.

  Args:
    name: Name of the module.

  Call arguments:
    weights: `LayerWeights` of every layer, bottom first.
    activations: `Activations` of one forward pass, without labels.

  Returns:
    `LayerWeights` of proposed changes, shaped like `weights`.

  Example:

  >>> class PlainHebb(lurl_tf.rule.LocalRule):
  ...   def layer_change(self, layer):
  ...     kernel, bias, backward_kernel = layer.weights
  ...     hebb = tf.matmul(
  ...       layer.inputs, layer.post_activations, transpose_a=True
  ...     )
  ...     return lurl_tf.LayerWeights(
  ...       -hebb, tf.zeros_like(bias), tf.zeros_like(backward_kernel)
  ...     )
  >>> weights = lurl_tf.layers.initial_weights(4, units=(3,), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(PlainHebb(), weights, inputs)
  """

  needs_targets = False

  def __init__(self, name: str | None = None):
    super().__init__(name=name)
    self.metadata = presets.PresetMetadata()

  def __call__(
    self, weights: Sequence[LayerWeights], activations: Activations
  ) -> tuple[LayerWeights, ...]:
    inputs = (activations.inputs, *activations.post_activations[:-1])
    views = map(
      LayerView,
      weights,
      inputs,
      activations.pre_activations,
      activations.post_activations,
    )
    return tuple(self.layer_change(view) for view in views)

  def layer_change(self, layer: LayerView) -> LayerWeights:
    """Computes the proposed change of one layer.

    Args:
      layer: `LayerView` of the layer.

    Returns:
      `LayerWeights`, shaped like `layer.weights`.
    """
    raise NotImplementedError(
      f"{type(self).__name__} must override `layer_change` or `__call__`"
    )

  @property
  def meta_parameters(self) -> tuple[tf.Variable, ...]:
    """Meta-learned variables; empty for hand-designed rules."""
    return ()

  @property
  def dtype(self) -> str | None:
    """Float type that weights must have; None if any type works."""
    return None

  def check_output_size(self, output_size: int) -> None:
    """Raises ValueError unless the rule works for a top layer of that size.

    Args:
      output_size: Number of units of the top layer.
    """
    del output_size

  def check_activation(self, activation: Activation) -> None:
    """Raises ValueError unless the rule works for layers of that activation.

    Args:
      activation: Activation of the base model's layers.
    """
    del activation

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of `__init__`, as plain values."""
    return {}

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> "LocalRule":
    """Makes the rule that `get_config` describes.

    Args:
      config: Return value of `get_config`.

    Returns:
      The rule.
    """
    return cls(**config)
