# SPDX-License-Identifier: Apache-2.0
"""Several dense networks trained in parallel on parts of the same examples.

For cross-validation, one compiled loop trains the networks of all folds and all
weight decays. All examples go through all networks; a mask selects those that a
network is trained on and takes its batch statistics from.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf import activations
from lurl_tf.activations import Activation
from lurl_tf.optimizers.adam import adam_step

_VARIANCE_EPSILON = 1e-3


class DenseLayer(NamedTuple):
  """Weights of one layer of `m` networks.

  Attributes:
    kernel: `[m, i, j]` kernels.
    bias: `[m, j]` biases.
  """

  kernel: tf.Tensor
  bias: tf.Tensor


def initial_layers(
  count: int, sizes: Sequence[int], seed: int
) -> tuple[DenseLayer, ...]:
  """Draws initial weights, equal for all networks (He et al. 2015).

  Args:
    count: Number of networks.
    sizes: Numbers of inputs and of units of every layer, bottom first.
    seed: Integer seed of the weights.

  Returns:
    `DenseLayer` of every layer; biases are zero.
  """
  rng = np.random.default_rng(seed)
  layers = []
  for below, above in zip(sizes[:-1], sizes[1:]):
    kernel = rng.normal(size=[below, above]) * np.sqrt(2 / below)
    layers.append(
      DenseLayer(
        tf.constant(np.repeat(kernel[None], count, axis=0), tf.float32),
        tf.zeros([count, above]),
      )
    )
  return tuple(layers)


def logits_of(
  layers: Sequence[DenseLayer],
  inputs: tf.Tensor,
  mask: tf.Tensor,
  activation: Activation,
  batch_norm: bool,
) -> tf.Tensor:
  """Computes the outputs of the top layer.

  Args:
    layers: `DenseLayer` of every layer, bottom first; the top one is linear.
    inputs: `[b, i]` inputs.
    mask: `[m, b]`, 1 for examples that contribute to the batch statistics.
    activation: Activation of the layers below the top.
    batch_norm: Whether the layers below the top are normalised.

  Returns:
    `[m, b, k]` logits.
  """
  hidden = tf.repeat(inputs[None], tf.shape(mask)[0], axis=0)
  for index, layer in enumerate(layers):
    hidden = tf.matmul(hidden, layer.kernel)
    is_top = index == len(layers) - 1
    if batch_norm and not is_top:
      shares = mask / tf.reduce_sum(mask, axis=1, keepdims=True)
      mean = tf.einsum("mb,mbu->mu", shares, hidden)[:, None]
      variance = tf.einsum("mb,mbu->mu", shares, (hidden - mean) ** 2)[:, None]
      hidden = (hidden - mean) * tf.math.rsqrt(variance + _VARIANCE_EPSILON)
    hidden += layer.bias[:, None]
    if not is_top:
      hidden = activations.get(activation)(hidden)
  return hidden


@functools.cache
def training(
  num_layers: int, activation: Activation, batch_norm: bool, check_every: int
) -> tf.types.experimental.PolymorphicFunction:
  """Returns the compiled training of networks of one kind.

  Args:
    num_layers: Number of layers.
    activation: Activation of the layers below the top.
    batch_norm: Whether the layers below the top are normalised.
    check_every: Number of steps between two evaluations on left-out examples.

  Returns:
    A function of layers, inputs `[b, i]`, labels `[b]`, mask `[m, b]`, weight
    decays `[m]`, the learning rate and the number of checks. It takes
    `check_every` full-batch steps of Adam before every check, and returns the
    layers, and the log-losses `[checks, m]` on the left-out examples.
  """
  layer = DenseLayer(
    tf.TensorSpec([None, None, None]), tf.TensorSpec([None, None])
  )
  signature = (
    (layer,) * num_layers,
    tf.TensorSpec([None, None]),
    tf.TensorSpec([None], tf.int32),
    tf.TensorSpec([None, None]),
    tf.TensorSpec([None]),
    tf.TensorSpec([]),
    tf.TensorSpec([], tf.int32),
  )

  def losses(layers, inputs, labels, mask):
    logits = logits_of(layers, inputs, mask, activation, batch_norm)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(
      tf.repeat(labels[None], tf.shape(mask)[0], axis=0), logits
    )

  def masked_mean(values, mask):
    return tf.reduce_sum(values * mask, axis=1) / tf.maximum(
      tf.reduce_sum(mask, axis=1), 1.0
    )

  @tf.function(input_signature=signature, autograph=False)
  def train(layers, inputs, labels, mask, decays, rate, num_checks):
    def step(index, layers, means, squares):
      with tf.GradientTape() as tape:
        tape.watch(layers)
        loss = masked_mean(losses(layers, inputs, labels, mask), mask)
        for kernel, _ in layers:
          loss += 0.5 * decays * tf.reduce_sum(kernel**2, axis=[1, 2])
      flat = [
        adam_step(*arrays, rate, index)
        for arrays in zip(
          tf.nest.flatten(layers),
          tf.nest.flatten(tape.gradient(loss, layers)),
          tf.nest.flatten(means),
          tf.nest.flatten(squares),
        )
      ]
      packed = (
        tf.nest.pack_sequence_as(layers, list(part)) for part in zip(*flat)
      )
      return (index + 1, *packed)

    def one_check(check, index, layers, means, squares, left_out):
      index, layers, means, squares = tf.while_loop(
        lambda index, *_: index < (check + 1) * check_every,
        step,
        (index, layers, means, squares),
      )
      loss = masked_mean(losses(layers, inputs, labels, mask), 1 - mask)
      left_out = left_out.write(check, loss)
      return check + 1, index, layers, means, squares, left_out

    zeros = tf.nest.map_structure(tf.zeros_like, layers)
    start = (
      tf.constant(0),
      tf.constant(0),
      layers,
      zeros,
      zeros,
      tf.TensorArray(tf.float32, num_checks, element_shape=[None]),
    )
    _, _, layers, _, _, left_out = tf.while_loop(
      lambda check, *_: check < num_checks, one_check, start
    )
    return layers, left_out.stack()

  return train
