# SPDX-License-Identifier: Apache-2.0
"""Oja's rule: every unit learns the first principal component."""

import keras
import tensorflow as tf

from lurl_tf.presets import PresetMetadata
from lurl_tf.rule.hand_designed.batch_products import (
  centred,
  kernel_change_only,
  mean_products,
)
from lurl_tf.rule.local_rule import LayerView, LocalRule
from lurl_tf.structures import LayerWeights


@keras.saving.register_keras_serializable(package="lurl_tf")
class Oja(LocalRule):
  """Oja's rule (Oja 1982): Hebb's rule with a decay that bounds every column.

  With linear outputs y = (x - mean(x)) W of the layer's inputs x:

      change = -(x - mean(x))^T y / b + W * mean(y^2)

  Units do not interact, so every column converges to the first principal
  component of the inputs; with `Sanger`, columns differ. Biases and the
  activation are not used.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(3,), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(
  ...   lurl_tf.rule.Oja(), weights, inputs, learning_rate=0.1
  ... )
  """

  def __init__(self):
    super().__init__(name="oja")
    self.metadata = PresetMetadata(
      units=(128,), inner_steps=100, inner_learning_rates=(0.01,)
    )

  def layer_change(self, layer: LayerView) -> LayerWeights:
    """Computes the proposed change of one layer, of its kernel only.

    Args:
      layer: `LayerView` of the layer.

    Returns:
      `LayerWeights`, shaped like `layer.weights`.
    """
    kernel = layer.weights.kernel
    inputs = centred(layer.inputs)
    outputs = tf.matmul(inputs, kernel)
    power = tf.reduce_mean(tf.square(outputs), axis=-2, keepdims=True)
    return kernel_change_only(
      layer.weights, kernel * power - mean_products(inputs, outputs)
    )
