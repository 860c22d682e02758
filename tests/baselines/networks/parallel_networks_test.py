# SPDX-License-Identifier: Apache-2.0
"""Tests of networks side by side against Keras's own layers and optimizer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.baselines.networks.parallel_networks import (
  DenseLayer,
  initial_layers,
  logits_of,
  training,
)
from tests.baselines.clusters import CLASSES, INPUTS, make_clusters

SIZES = (INPUTS, 7, CLASSES)


def keras_twin(layers, batch_norm):
  model = keras.Sequential([keras.Input([INPUTS])])
  for index, size in enumerate(SIZES[1:]):
    is_top = index == len(SIZES) - 2
    model.add(keras.layers.Dense(size))
    if batch_norm and not is_top:
      model.add(keras.layers.BatchNormalization(center=False, scale=False))
    if not is_top:
      model.add(keras.layers.Activation("relu"))
  for layer, own in zip(
    [x for x in model.layers if isinstance(x, keras.layers.Dense)], layers
  ):
    layer.set_weights([own.kernel[0].numpy(), own.bias[0].numpy()])
  return model


@pytest.mark.parametrize("batch_norm", [False, True])
def test_logits_are_those_of_keras(batch_norm):
  inputs, _ = make_clusters(20)
  layers = initial_layers(2, SIZES, seed=3)
  mask = np.ones([2, 20], np.float32)
  mask[1, 15:] = 0
  actual = logits_of(layers, tf.constant(inputs), mask, "relu", batch_norm)
  twin = keras_twin(layers, batch_norm)
  expected = twin(inputs, training=True)
  np.testing.assert_allclose(actual[0], expected, atol=1e-4)
  expected = twin(inputs[:15], training=True)
  np.testing.assert_allclose(actual[1, :15], expected, atol=1e-4)


def test_training_is_that_of_keras():
  inputs, labels = make_clusters(20)
  start = initial_layers(2, SIZES, seed=3)
  mask = np.ones([2, 20], np.float32)
  mask[1, 12:] = 0
  layers, left_out = training(2, "relu", False, 5)(
    start,
    inputs,
    labels.astype(np.int32),
    mask,
    np.array([0.0, 0.1], np.float32),
    np.float32(0.01),
    3,
  )
  twin = keras_twin([DenseLayer(k[1:], b[1:]) for k, b in start], False)
  optimizer = keras.optimizers.Adam(0.01)
  for _ in range(15):
    with tf.GradientTape() as tape:
      loss = tf.reduce_mean(
        keras.losses.sparse_categorical_crossentropy(
          labels[:12], twin(inputs[:12]), from_logits=True
        )
      )
      kernels = twin.trainable_variables[::2]
      loss += 0.05 * sum(tf.reduce_sum(kernel**2) for kernel in kernels)
    variables = twin.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
  for own, layer in zip(layers, twin.layers[::2]):
    np.testing.assert_allclose(own.kernel[1], layer.kernel, atol=1e-4)
  assert left_out.shape == (3, 2)
  expected = np.mean(
    keras.losses.sparse_categorical_crossentropy(
      labels[12:], twin(inputs[12:]), from_logits=True
    )
  )
  np.testing.assert_allclose(left_out[-1, 1], expected, rtol=1e-3)


def test_one_program_serves_all():
  assert training(2, "relu", False, 5) is training(2, "relu", False, 5)
