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
  """Clusters and features learned together (Asano, Rupprecht, Vedaldi 2020).

  In turn: every example gets a label, such that labels fit the network's
  predictions and all are equally frequent (Sinkhorn-Knopp, their equation 6);
  and the network learns to predict the labels of examples that noise disturbed.
  Small and fully connected here: one head, and noise in place of the
  augmentations of images, which need to know that inputs are images.

  Args:
    units: units of the network's layers, bottom first.
    activation: of all layers.
    clusters: labels there are.
    sharpness: of the assignment, their lambda.
    rounds: times that labels are made anew.
    epochs_per_round: passes over the examples, of 150 steps or more, with the
      same labels.
    dropout: share of the inputs that noise sets to zero.
    noise_stddev: of the noise that is added to inputs.
    batch_size: examples of a step.
    learning_rate: of Adam, at the start; it falls to zero by a cosine.

  Raises:
    ValueError: if a value is out of range.
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
    """Labels and learns in turn.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: of starting weights, order and noise.

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
    """Numbers of clusters, strengths of noise and learning rates."""
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
  """Labels that fit the predictions and are equally frequent.

  Scales the rows and columns of `shares ** sharpness` in turn until rows sum to
  1 / n and columns to 1 / k (Sinkhorn and Knopp; Cuturi 2013), and takes every
  row's largest entry.

  Args:
    log_shares: `[n, k]` logarithms of predicted probabilities.
    sharpness: lambda; the larger, the closer to the best assignment.
    tolerance: largest relative error of a column's sum.
    most_iterations: how often columns are scaled at most.

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
