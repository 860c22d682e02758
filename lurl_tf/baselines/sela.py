# SPDX-License-Identifier: Apache-2.0
"""SeLa: self-labels by optimal transport, in a small form."""

import dataclasses
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.activations import Activation
from lurl_tf.baselines.interface import Baseline
from lurl_tf.baselines.networks.keras_networks import (
  NetworkFeatures,
  compile_for_steps,
  dense_network,
  epoch_steps,
  layer_seeds,
  shuffled_batches,
)
from lurl_tf.checks import check_at_least, check_share_below_one, check_units
from lurl_tf.features import Features


@dataclasses.dataclass(frozen=True)
class SeLa(Baseline):
  """Learns clusters and features together (Asano, Rupprecht, Vedaldi 2020).

  Two steps alternate. Labels are assigned so that they fit the predictions of
  the network and are equally frequent (Sinkhorn-Knopp, their equation 6). Then
  the network learns to predict the labels from noisy inputs. This version is
  fully connected, has one head, and uses noise in place of image augmentations.

  Args:
    units: Units of the network's layers, bottom first.
    activation: Activation of all layers.
    clusters: Number of labels.
    sharpness: Sharpness of the assignment, their lambda.
    rounds: Number of times that labels are assigned.
    epochs_per_round: Passes over the examples with the same labels; a pass
      takes at least 150 steps.
    dropout: Share of the inputs that are set to zero.
    noise_stddev: Standard deviation of the noise added to inputs.
    batch_size: Examples per step.
    learning_rate: Initial learning rate of Adam, with cosine decay to zero.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  activation: Activation = "relu"
  clusters: int = 32
  sharpness: float = 25.0
  rounds: int = 10
  epochs_per_round: int = 2
  dropout: float = 0.3
  noise_stddev: float = 0.1
  batch_size: int = 128
  learning_rate: float = 3e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(
      self,
      clusters=2,
      rounds=1,
      epochs_per_round=1,
      noise_stddev=0,
      batch_size=2,
    )
    check_share_below_one(self, "dropout")

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Alternates assignment of labels and training.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of initial weights, example order and noise.

    Returns:
      `Features` of the layers below the labels.
    """
    own_seed, head_seed, noise_seed, drop_seed = layer_seeds(seed, 4)
    network = dense_network(
      unlabelled.shape[1],
      self.units,
      own_seed,
      self.activation,
      self.activation,
    )
    inputs = keras.Input(unlabelled.shape[1:])
    noisy = keras.layers.GaussianNoise(self.noise_stddev, seed=noise_seed)(
      inputs
    )
    noisy = keras.layers.Dropout(self.dropout, seed=drop_seed)(noisy)
    head = keras.layers.Dense(
      self.clusters,
      kernel_initializer=keras.initializers.GlorotUniform(head_seed),
    )
    model = keras.Model(inputs, head(network(noisy)[-1]))
    epochs = self.rounds * self.epochs_per_round
    steps = epoch_steps(len(unlabelled), self.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
      self.learning_rate, epochs * steps
    )
    compile_for_steps(
      model, rate, keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    for number in range(self.rounds):
      logits = model(tf.constant(unlabelled), training=False)
      log_shares = tf.nn.log_softmax(logits).numpy()
      labels = balanced_labels(log_shares, self.sharpness)
      batches = shuffled_batches(
        [unlabelled, labels], self.batch_size, seed + number
      )
      model.fit(
        batches,
        steps_per_epoch=steps,
        epochs=self.epochs_per_round,
        shuffle=False,
        verbose=0,
      )
    return NetworkFeatures(network)

  def candidates(self) -> tuple[Self, ...]:
    """Varies the number of clusters, the noise and the learning rate."""
    return tuple(
      dataclasses.replace(
        self, clusters=clusters, dropout=dropout, learning_rate=rate
      )
      for clusters in (self.clusters, 64, 128)
      for dropout in (self.dropout, 0.0, 0.5)
      for rate in (self.learning_rate, 1e-3)
    )


def balanced_labels(
  log_shares: np.ndarray,
  sharpness: float,
  tolerance: float = 0.01,
  most_iterations: int = 1000,
) -> np.ndarray:
  """Assigns labels that fit the predictions and are equally frequent.

  The rows and columns of `shares ** sharpness` are scaled in turn until rows
  sum to 1 / n and columns to 1 / k (Sinkhorn and Knopp; Cuturi 2013). The label
  of an example is the column of the largest entry in its row.

  Args:
    log_shares: `[n, k]` logarithms of predicted probabilities.
    sharpness: Lambda; larger values are closer to the best assignment.
    tolerance: Largest relative error of a column sum.
    most_iterations: Largest number of scalings of the columns.

  Returns:
    int32 `[n]` labels.

  Example:

  >>> balanced_labels(np.log([[0.9, 0.1], [0.8, 0.2]]), sharpness=10.0)
  array([0, 1], dtype=int32)
  """
  count, clusters = log_shares.shape
  scores = sharpness * log_shares.astype(np.float64)
  kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
  columns = np.ones(clusters)
  for _ in range(most_iterations):
    rows = 1 / (count * np.maximum(kernel @ columns, 1e-300))
    sums = columns * (rows @ kernel)
    if np.max(np.abs(clusters * sums - 1)) < tolerance:
      break
    columns /= np.maximum(clusters * sums, 1e-300)
  return np.argmax(kernel * columns, axis=1).astype(np.int32)
