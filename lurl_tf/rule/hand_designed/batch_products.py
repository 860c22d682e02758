# SPDX-License-Identifier: Apache-2.0
"""Neuron-local statistics of one batch, for hand-designed rules."""

import tensorflow as tf

from lurl_tf.structures import LayerWeights


def centred(values: tf.Tensor) -> tf.Tensor:
  """Subtracts every unit's mean over the batch.

  Args:
    values: `[..., b, u]`.

  Returns:
    `[..., b, u]`, of zero mean over the examples.
  """
  return values - tf.reduce_mean(values, axis=-2, keepdims=True)


def mean_products(below: tf.Tensor, above: tf.Tensor) -> tf.Tensor:
  """Averages the products of units below and above over examples.

      result[i, j] = mean over b of below[b, i] * above[b, j]

  Args:
    below: `[..., b, i]`.
    above: `[..., b, j]`.

  Returns:
    `[..., i, j]`.
  """
  batch_size = tf.cast(tf.shape(below)[-2], below.dtype)
  return tf.matmul(below, above, transpose_a=True) / batch_size


def kernel_change_only(
  weights: LayerWeights, change: tf.Tensor
) -> LayerWeights:
  """Makes a proposal without a change of the bias and the backward kernel.

  Args:
    weights: `LayerWeights` of the layer.
    change: Proposed change of the kernel, `[..., i, j]`.

  Returns:
    `LayerWeights`, shaped like `weights`.
  """
  return LayerWeights(
    change, tf.zeros_like(weights.bias), tf.zeros_like(weights.backward_kernel)
  )
