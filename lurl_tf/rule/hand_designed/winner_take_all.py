# SPDX-License-Identifier: Apache-2.0
"""Competitive learning: every unit moves towards the examples it wins."""

from typing import Any

import keras
import tensorflow as tf

from lurl_tf.checks import checked_decay, is_finite
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule.hand_designed.batch_products import (
  centred,
  kernel_change_only,
)
from lurl_tf.rule.local_rule import LayerView, LocalRule
from lurl_tf.structures import LayerWeights


@keras.saving.register_keras_serializable(package="lurl_tf")
class SoftWinnerTakeAll(LocalRule):
  """Soft competitive learning (Rumelhart and Zipser 1985; Nowlan 1990).

  The units of a layer share every example: unit j's share is softmax_j of
  `sharpness * z`. Its column moves towards the mean of the centred inputs,
  weighted by its shares, as in soft k-means on one batch at a time:

      change = -sum_b(share * (x - mean(x))) / sum_b(share) + decay * W

  With `DecayedSGD` of rate r, a column moves by a fraction r of its distance to
  that mean. With an optimizer without decay, a `decay` of 1 does the same.

  Args:
    sharpness: Inverse temperature of the softmax; the larger, the larger the
      winner's share.
    decay: Weight decay of the kernel, in addition to that of the inner
      optimizer.

  Raises:
    ValueError: If `sharpness` is not a positive number, or `decay` is not a
      number, 0 or more.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(8,), seed=(0, 0))
  >>> inputs = tf.random.stateless_normal([16, 4], (0, 1))
  >>> weights = lurl_tf.inner_step(
  ...   lurl_tf.rule.SoftWinnerTakeAll(), weights, inputs, learning_rate=0.1
  ... )
  """

  def __init__(self, sharpness: float = 10.0, decay: float = 0.0):
    super().__init__(name="soft_winner_take_all")
    if not (is_finite(sharpness) and sharpness > 0):
      raise ValueError(
        "`sharpness` must be a positive number. "
        f"Received: sharpness={sharpness!r}"
      )
    self.sharpness = float(sharpness)
    self.decay = checked_decay(decay)
    self.metadata = PresetMetadata(
      units=(128,), inner_steps=100, inner_learning_rates=(0.1,)
    )

  def layer_change(self, layer: LayerView) -> LayerWeights:
    """Computes the proposed change of one layer, of its kernel only.

    Args:
      layer: `LayerView` of the layer.

    Returns:
      `LayerWeights`, shaped like `layer.weights`.
    """
    log_shares = tf.nn.log_softmax(
      self.sharpness * layer.pre_activations, axis=-1
    )
    # Equal to shares divided by their sum, without 0 / 0 if all underflow.
    portions = tf.nn.softmax(log_shares, axis=-2)
    won = tf.matmul(centred(layer.inputs), portions, transpose_a=True)
    return kernel_change_only(
      layer.weights, self.decay * layer.weights.kernel - won
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of `__init__`, as plain values."""
    return {"sharpness": self.sharpness, "decay": self.decay}
