# SPDX-License-Identifier: Apache-2.0
"""The competition between a layer's units that order-free rules look at."""

import tensorflow as tf

SHARPNESS = 3.0


def competition(pre_activations: tf.Tensor) -> tf.Tensor:
  """Each unit's share of a soft competition for every example.

  Args:
    pre_activations: z, `[..., u, b]`.

  Returns:
    `[..., u, b]`: a softmax over units, times their number, so that the mean
    over units is 1.
  """
  size = tf.cast(pre_activations.shape[-2], pre_activations.dtype)
  return size * tf.nn.softmax(SHARPNESS * pre_activations, axis=-2)
