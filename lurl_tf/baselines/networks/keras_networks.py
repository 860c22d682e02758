# SPDX-License-Identifier: Apache-2.0
"""Dense networks of Keras, seeded, and the features of their layers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.activations import Activation
from lurl_tf.features import Features
from lurl_tf.random_numbers import Stream

# Small data sets are gone through several times, so that epochs are no shorter.
LEAST_STEPS = 150

_STEPS_PER_EXECUTION = 10


def layer_seeds(seed: int, count: int) -> list[int]:
  """Seeds of layers, unrelated to those of other seeds.

  Args:
    seed: of the network.
    count: how many.

  Returns:
    Integers that Keras takes.
  """
  states = np.random.SeedSequence(seed).generate_state(count) >> 1
  return [int(state) for state in states]


def dense_network(
  input_size: int,
  units: Sequence[int],
  seed: int,
  activation: Activation = "relu",
  top_activation: Activation = "relu",
  batch_norm: bool = True,
) -> keras.Model:
  """Dense layers, each with batch normalisation before its activation.

  Args:
    input_size: number of inputs.
    units: units of each layer, bottom first.
    seed: of the starting weights.
    activation: of all layers but the top one.
    top_activation: of the top layer.
    batch_norm: whether layers but a linear top one are normalised.

  Returns:
    A model whose outputs are the list of all layers' activations.
  """
  inputs = keras.Input([input_size])
  hidden, outputs = inputs, []
  for index, (size, own_seed) in enumerate(
    zip(units, layer_seeds(seed, len(units)))
  ):
    is_top = index == len(units) - 1
    function = top_activation if is_top else activation
    normalized = batch_norm and function != "linear"
    hidden = keras.layers.Dense(
      size,
      use_bias=not normalized,
      kernel_initializer=keras.initializers.GlorotUniform(own_seed),
    )(hidden)
    if normalized:
      hidden = keras.layers.BatchNormalization(scale=False)(hidden)
    hidden = keras.layers.Activation(activations.get(function))(hidden)
    outputs.append(hidden)
  return keras.Model(inputs, outputs)


def epoch_steps(count: int, batch_size: int) -> int:
  """Steps of an epoch: a pass over the examples, or `LEAST_STEPS` if longer.

  Args:
    count: of examples.
    batch_size: no more than `count` are taken.

  Returns:
    A number of steps.
  """
  return max(count // min(batch_size, count), LEAST_STEPS)


def compile_for_steps(
  model: keras.Model, learning_rate: Any, loss: Any
) -> None:
  """Compiles a model with Adam, to take several steps at a time.

  Args:
    model: to compile.
    learning_rate: a number or a schedule.
    loss: as Keras takes it.
  """
  model.compile(
    keras.optimizers.Adam(learning_rate),
    loss,
    steps_per_execution=_STEPS_PER_EXECUTION,
    jit_compile=False,
  )


def shuffled_batches(
  arrays: Sequence[np.ndarray], batch_size: int, seed: int
) -> tf.data.Dataset:
  """Batches of one size without end, in a new order in every pass.

  Args:
    arrays: `[n, ...]` each; a batch is a tuple of their rows.
    batch_size: no more than `n` are taken.
    seed: of the orders.

  Returns:
    A data set; what fills no batch is left out of a pass.
  """
  count = len(arrays[0])
  dataset = tf.data.Dataset.from_tensor_slices(tuple(arrays))
  seed = int(np.random.default_rng([seed, Stream.SHUFFLE]).integers(2**31))
  dataset = dataset.shuffle(count, seed=seed)
  return dataset.batch(min(batch_size, count), drop_remainder=True).repeat()


class NetworkFeatures(Features):
  """The activations of a network's layers, with moving statistics.

  Attributes:
    network: a model whose outputs are a list, see `dense_network`.

  Args:
    network: the same.
  """

  def __init__(self, network: keras.Model):
    self.network = network

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """The activations of every layer.

    Args:
      inputs: float32 `[b, i]`.

    Returns:
      `[b, u]` of each layer, bottom first.
    """
    outputs = self.network(tf.constant(inputs, tf.float32), training=False)
    return tuple(np.asarray(output) for output in outputs)
