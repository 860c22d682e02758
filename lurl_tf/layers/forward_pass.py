# SPDX-License-Identifier: Apache-2.0
"""The base model as a pure function: dense layers with batch normalisation.

The functions that the Keras layer shares use `keras.ops`, so that a trained
layer also runs on Keras's other backends. Section 1 of `docs/the_rule.md` has
the formulas.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.activations import Activation
from lurl_tf.structures import Activations, LayerWeights

# Added to the variance; the released program's.
VARIANCE_EPSILON = 1e-6


class Moments(NamedTuple):
  """Mean and population variance of every unit, each `[..., 1, u]`."""

  mean: Any
  variance: Any


def batch_moments(inputs: Any) -> Moments:
  """Computes the statistics of every unit over the examples of a batch.

  Args:
    inputs: `[..., b, u]`.

  Returns:
    `Moments`.
  """
  mean = keras.ops.mean(inputs, axis=-2, keepdims=True)
  squares = keras.ops.square(inputs - mean)
  return Moments(mean, keras.ops.mean(squares, axis=-2, keepdims=True))


def normalize(inputs: Any, moments: Moments) -> Any:
  """Centres and scales every unit, without a learned scale.

  Args:
    inputs: `[..., b, u]`.
    moments: `Moments` to normalise by.

  Returns:
    `[..., b, u]`; with the moments of `inputs`, of mean 0 and variance 1.
  """
  scale = keras.ops.rsqrt(moments.variance + VARIANCE_EPSILON)
  return (inputs - moments.mean) * scale


def activate(
  linear: Any, moments: Moments, bias: Any, activation: Activation
) -> tuple[Any, Any]:
  """Normalises a layer's linear outputs, adds the bias, and activates them.

  Args:
    linear: Product of inputs and kernel, `[..., b, j]`.
    moments: `Moments` to normalise by.
    bias: `[..., j]`.
    activation: Name of an activation, or a callable.

  Returns:
    Pre-activations and post-activations, each `[..., b, j]`.
  """
  pre_activations = normalize(linear, moments) + bias[..., None, :]
  return pre_activations, activations.get(activation)(pre_activations)


def forward_layer(
  weights: LayerWeights, inputs: Any, activation: Activation = "relu"
) -> tuple[Any, Any]:
  """Runs one layer on a batch, with the statistics of this batch.

  Args:
    weights: `LayerWeights` of the layer.
    inputs: `[..., b, i]`.
    activation: Name of an activation, or a callable.

  Returns:
    Pre-activations and post-activations, each `[..., b, j]`.
  """
  return _layer(weights, inputs, activation)[1:]


def _layer(weights, inputs, activation):
  """Statistics, pre-activations and post-activations of a layer."""
  linear = keras.ops.matmul(inputs, weights.kernel)
  moments = batch_moments(linear)
  return moments, *activate(linear, moments, weights.bias, activation)


def forward(
  weights: Sequence[LayerWeights],
  inputs: tf.Tensor,
  activation: Activation = "relu",
) -> Activations:
  """Runs the base model on one batch (Metz et al. 2019, section 3.1).

  Batch normalisation uses the statistics of this batch, at evaluation too. The
  activation is applied at the top layer as well.

  Args:
    weights: `LayerWeights` of every layer, bottom first, with or without a
      leading axis of tasks.
    inputs: `[b, i]` or `[t, b, i]`; already permuted if the task permutes
      inputs.
    activation: Name of an activation of Keras or `"step"`, or a callable.

  Returns:
    `Activations`; its `.features` are the top layer's post-activations.

  Example:

  >>> weights = lurl_tf.layers.initial_weights(4, units=(3, 2), seed=(0, 0))
  >>> lurl_tf.forward(weights, tf.random.stateless_normal([5, 4], (0, 1))
  ... ).features.shape
  TensorShape([5, 2])
  """
  inputs = tf.convert_to_tensor(inputs, dtype=weights[0].kernel.dtype)
  return forward_with_moments(weights, inputs, [activation] * len(weights))[0]


def forward_with_moments(
  weights: Sequence[LayerWeights],
  inputs: tf.Tensor,
  layer_activations: Sequence[Activation],
) -> tuple[Activations, tuple[Moments, ...]]:
  """Runs layers that may differ in their activations; see `forward`.

  Args:
    weights: `LayerWeights` of every layer, bottom first.
    inputs: Inputs `[..., b, i]`, of the type of the weights.
    layer_activations: Name of an activation, or a callable, for every layer.

  Returns:
    `Activations`, and the `Moments` of every layer that normalise it.
  """
  layers, below = [], inputs
  for layer, activation in zip(weights, layer_activations, strict=True):
    layers.append(_layer(layer, below, activation))
    below = layers[-1][-1]
  moments, pre_activations, post_activations = zip(*layers)
  return Activations(inputs, pre_activations, post_activations), moments
