# SPDX-License-Identifier: Apache-2.0
"""Sanger's rule: the units learn the principal components in order."""

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
class Sanger(LocalRule):
  """The generalised Hebbian algorithm (Sanger 1989).

  With linear outputs y = (x - mean(x)) W of the layer's inputs x:

      change = -(x - mean(x))^T y / b + W triu(y^T y / b)

  Every unit learns from the inputs without their projections on the columns of
  the units before it, so column j converges to principal component j. Unlike
  the other rules, it is not strictly neuron-local: a unit needs the columns of
  the units before it, and the order of units matters. Biases and the activation
  are not used.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(3,), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(
  ...   lurl_tf.rule.Sanger(), weights, inputs, learning_rate=0.1
  ... )
  """

  def __init__(self):
    super().__init__(name="sanger")
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
    # The upper triangle, since kernels are [i, j] here, not [j, i].
    predecessors = tf.linalg.band_part(mean_products(outputs, outputs), 0, -1)
    return kernel_change_only(
      layer.weights,
      tf.matmul(kernel, predecessors) - mean_products(inputs, outputs),
    )
