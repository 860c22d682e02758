# SPDX-License-Identifier: Apache-2.0
"""What rules designed by hand compute of one batch, neuron-local all of it."""

import tensorflow as tf

from lurl_tf.structures import LayerWeights


def centred(values: tf.Tensor) -> tf.Tensor:
  """Every unit's values less their mean over the batch.

  Args:
    values: `[..., b, u]`.

  Returns:
    `[..., b, u]`, of zero mean over the examples.
  """
  return values - tf.reduce_mean(values, axis=-2, keepdims=True)


def mean_products(below: tf.Tensor, above: tf.Tensor) -> tf.Tensor:
  """Mean over examples of all products of a unit below and a unit above.

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
  """A proposal that leaves the bias and the backward kernel to the optimizer.

  Args:
    weights: the layer's `LayerWeights`.
    change: of the kernel, `[..., i, j]`.

  Returns:
    `LayerWeights`, shaped like `weights`.
  """
  return LayerWeights(
    change, tf.zeros_like(weights.bias), tf.zeros_like(weights.backward_kernel)
  )
