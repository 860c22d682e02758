# SPDX-License-Identifier: Apache-2.0
"""The base model as a pure function: dense layers with batch normalisation."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from lurl_tf.structures import Activations, LayerWeights

VARIANCE_EPSILON = 1e-6

Activation = str | Callable[[tf.Tensor], tf.Tensor]


def normalize_batch(inputs: tf.Tensor) -> tf.Tensor:
  """Centres and scales every unit over the batch, without a learned scale.

  Args:
    inputs: `[..., b, u]`.

  Returns:
    `[..., b, u]`, of zero mean and unit population variance over `b`.
  """
  mean, variance = tf.nn.moments(inputs, axes=[-2], keepdims=True)
  return (inputs - mean) * tf.math.rsqrt(variance + VARIANCE_EPSILON)


def forward_layer(
  weights: LayerWeights, inputs: tf.Tensor, activation: Activation = "relu"
) -> tuple[tf.Tensor, tf.Tensor]:
  """One layer's forward pass, with the statistics of this batch.

  Args:
    weights: the layer's `LayerWeights`.
    inputs: `[..., b, i]`.
    activation: name of a Keras activation, or a callable.

  Returns:
    Pre-activations and post-activations, each `[..., b, j]`.
  """
  linear = tf.matmul(inputs, weights.kernel)
  pre_activations = normalize_batch(linear) + weights.bias[..., tf.newaxis, :]
  return pre_activations, keras.activations.get(activation)(pre_activations)


def forward(
  weights: Sequence[LayerWeights],
  inputs: tf.Tensor,
  activation: Activation = "relu",
) -> Activations:
  """Runs the base model on one batch (Metz et al. 2019, section 3.1).

  There is no state: batch normalisation uses the statistics of this batch,
  also at evaluation, and the activation is applied at the top layer too.

  Args:
    weights: `LayerWeights` of every layer, bottom first. A leading axis of
      tasks is allowed, on weights and inputs alike.
    inputs: `[b, i]` or `[t, b, i]`, permuted already where inputs are permuted.
    activation: name of a Keras activation, or a callable.

  Returns:
    `Activations`; its `.features` are the top layer's post-activations.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(3, 2), seed=(0, 0))
  >>> lurl_tf.forward(weights, tf.random.stateless_normal([5, 4], (0, 1))
  ... ).features.shape
  TensorShape([5, 2])
  """
  inputs = tf.convert_to_tensor(inputs, dtype=weights[0].kernel.dtype)
  pre_activations, post_activations = [], []
  layer_inputs = inputs
  for layer in weights:
    pre, post = forward_layer(layer, layer_inputs, activation)
    pre_activations.append(pre)
    post_activations.append(post)
    layer_inputs = post
  return Activations(inputs, tuple(pre_activations), tuple(post_activations))
