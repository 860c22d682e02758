# SPDX-License-Identifier: Apache-2.0
"""Seeded dense networks in Keras, and the features of their layers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.activations import Activation
from lurl_tf.features import Features
from lurl_tf.random_numbers import Stream

# A pass over a small data set is repeated up to this number of steps.
LEAST_STEPS = 150

_STEPS_PER_EXECUTION = 10


def layer_seeds(seed: int, count: int) -> list[int]:
  """Returns independent seeds of layers.

  Args:
    seed: Integer seed of the network.
    count: Number of seeds.

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
  """Builds dense layers, each with batch normalisation before its activation.

  Args:
    input_size: Number of inputs.
    units: Units of each layer, bottom first.
    seed: Integer seed of the initial weights.
    activation: Activation of the layers below the top.
    top_activation: Activation of the top layer.
    batch_norm: Whether layers are normalised; a linear top layer never is.

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
  """Returns the steps of an epoch: a pass, but at least `LEAST_STEPS`.

  Args:
    count: Number of examples.
    batch_size: Examples per step, at most `count`.

  Returns:
    A number of steps.
  """
  return max(count // min(batch_size, count), LEAST_STEPS)


def compile_for_steps(
  model: keras.Model, learning_rate: Any, loss: Any
) -> None:
  """Compiles a model with Adam, several steps per execution.

  Args:
    model: Model to compile.
    learning_rate: Number or Keras schedule.
    loss: Keras loss.
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
  """Returns an endless data set of batches, shuffled in every pass.

  Args:
    arrays: Arrays `[n, ...]`; a batch is a tuple of their rows.
    batch_size: Examples per batch, at most `n`.
    seed: Integer seed of the orders.

  Returns:
    A data set. Incomplete batches are dropped.
  """
  count = len(arrays[0])
  dataset = tf.data.Dataset.from_tensor_slices(tuple(arrays))
  seed = int(np.random.default_rng([seed, Stream.SHUFFLE]).integers(2**31))
  dataset = dataset.shuffle(count, seed=seed)
  return dataset.batch(min(batch_size, count), drop_remainder=True).repeat()


class NetworkFeatures(Features):
  """Activations of the layers of a network, with moving statistics.

  Attributes:
    network: Keras model whose outputs are a list, see `dense_network`.

  Args:
    network: Keras model whose outputs are a list.
  """

  def __init__(self, network: keras.Model):
    self.network = network

  def layers(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Computes the activations of every layer.

    Args:
      inputs: float32 `[b, i]` inputs.

    Returns:
      Activations `[b, u]` of each layer, bottom first.
    """
    outputs = self.network(tf.constant(inputs, tf.float32), training=False)
    return tuple(np.asarray(output) for output in outputs)
