# SPDX-License-Identifier: Apache-2.0
"""Training of an encoder by episodes, as in prototypical networks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.activations import Activation
from lurl_tf.baselines.networks.keras_networks import (
  NetworkFeatures,
  dense_network,
)
from lurl_tf.features import Features

_EPISODES_PER_CALL = 50


class PrototypeEpisode(NamedTuple):
  """Examples of the classes of one episode.

  Attributes:
    support: float32 `[k, s, i]` examples whose means are the prototypes.
    query: float32 `[k, q, i]` examples that are classified.
  """

  support: np.ndarray
  query: np.ndarray


def train_by_episodes(
  draw_episode: Callable[[int], PrototypeEpisode],
  input_size: int,
  units: Sequence[int],
  activation: Activation,
  num_episodes: int,
  learning_rate: float,
  seed: int,
) -> Features:
  """Trains an encoder to place queries near the prototype of their class.

  The loss is the cross-entropy of a softmax over negative squared distances to
  the prototypes (Snell et al. 2017, equations 1 and 2), halved and divided by
  the number of features, so that it does not saturate at the start. The encoder
  is a dense network with batch normalisation and a linear top layer. The
  learning rate decays to zero by a cosine.

  Args:
    draw_episode: Function from a number to its episode; all have one shape.
    input_size: Number of inputs.
    units: Units of the encoder's layers, bottom first.
    activation: Activation of the layers below the top.
    num_episodes: Number of training episodes.
    learning_rate: Initial learning rate of Adam.
    seed: Integer seed of the initial weights.

  Returns:
    `Features` of the encoder's layers.
  """
  network = dense_network(
    input_size, units, seed, activation, top_activation="linear"
  )
  optimizer = keras.optimizers.Adam(
    keras.optimizers.schedules.CosineDecay(learning_rate, num_episodes)
  )
  optimizer.build(network.trainable_variables)

  @tf.function(reduce_retracing=True)
  def train(support, query):
    for index in tf.range(tf.shape(support)[0]):
      with tf.GradientTape() as tape:
        loss = _prototype_loss(network, support[index], query[index])
      gradients = tape.gradient(loss, network.trainable_variables)
      optimizer.apply(gradients)

  for first in range(0, num_episodes, _EPISODES_PER_CALL):
    last = min(first + _EPISODES_PER_CALL, num_episodes)
    episodes = [draw_episode(number) for number in range(first, last)]
    train(*(tf.constant(np.stack(part)) for part in zip(*episodes)))
  return NetworkFeatures(network)


def _prototype_loss(network, support, query):
  classes, shots, size = support.shape
  queries = query.shape[1]
  inputs = tf.concat(
    [tf.reshape(support, [-1, size]), tf.reshape(query, [-1, size])], axis=0
  )
  features = network(inputs, training=True)[-1]
  width = features.shape[-1]
  prototypes = tf.reduce_mean(
    tf.reshape(features[: classes * shots], [classes, shots, width]), axis=1
  )
  distances = tf.reduce_mean(
    (features[classes * shots :, None] - prototypes) ** 2, axis=-1
  )
  labels = tf.repeat(tf.range(classes), queries)
  return tf.reduce_mean(
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels, -0.5 * distances)
  )
