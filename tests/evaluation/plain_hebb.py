# SPDX-License-Identifier: Apache-2.0
"""A rule that is a plain function, for tests of inner training."""

import tensorflow as tf

from lurl_tf.structures import LayerWeights


def hebb(weights, activations):
  """Products of what is below and above; nothing for biases."""
  below = (activations.inputs, *activations.post_activations[:-1])
  changes = []
  for layer, lower, upper in zip(weights, below, activations.post_activations):
    change = -tf.matmul(lower, upper, transpose_a=True) / 10
    changes.append(LayerWeights(change, tf.zeros_like(layer.bias), change))
  return tuple(changes)
