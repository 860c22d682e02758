# SPDX-License-Identifier: Apache-2.0
"""Hebb's rule: units that are active together are connected."""

from typing import Any

import keras

from lurl_tf.checks import checked_decay
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule.hand_designed.batch_products import (
  centred,
  kernel_change_only,
  mean_products,
)
from lurl_tf.rule.local_rule import LayerView, LocalRule
from lurl_tf.structures import LayerWeights


@keras.saving.register_keras_serializable(package="lurl_tf")
class Hebbian(LocalRule):
  """Hebb's rule on centred inputs (Hebb 1949; Sejnowski 1977).

  W[i, j] grows by the covariance over the batch of unit i below and the
  post-activation of unit j above:

      change = -(x_below - mean(x_below))^T x_above / b + decay * W

  Without the centring, all columns would align with the mean input.

  Args:
    decay: Weight decay of the kernel, in addition to that of the inner
      optimizer. With 0, the kernel stays bounded only under an optimizer that
      decays weights, such as `DecayedSGD`.

  Raises:
    ValueError: If `decay` is not a finite number, 0 or more.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(8, 3), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(
  ...   lurl_tf.rule.Hebbian(), weights, inputs, learning_rate=0.1
  ... )
  """

  def __init__(self, decay: float = 0.0):
    super().__init__(name="hebbian")
    self.decay = checked_decay(decay)
    self.metadata = PresetMetadata(
      units=(128,), inner_steps=100, inner_learning_rates=(0.003,)
    )

  def layer_change(self, layer: LayerView) -> LayerWeights:
    """Computes the proposed change of one layer, of its kernel only.

    Args:
      layer: `LayerView` of the layer.

    Returns:
      `LayerWeights`, shaped like `layer.weights`.
    """
    products = mean_products(centred(layer.inputs), layer.post_activations)
    return kernel_change_only(
      layer.weights, self.decay * layer.weights.kernel - products
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of `__init__`, as plain values."""
    return {"decay": self.decay}
