# SPDX-License-Identifier: Apache-2.0
"""The base network, trained on all labels of the training split."""

import dataclasses
from typing import ClassVar

import keras
import numpy as np

from lurl_tf.activations import Activation
from lurl_tf.baselines.interface import LabelledBaseline
from lurl_tf.baselines.networks.keras_networks import (
  NetworkFeatures,
  compile_for_steps,
  dense_network,
  epoch_steps,
  shuffled_batches,
)
from lurl_tf.checks import check_at_least, check_units
from lurl_tf.features import Classifier


@dataclasses.dataclass(frozen=True)
class SupervisedAllLabels(LabelledBaseline):
  """Base network with an output layer, trained on all labels: an upper bound.

  Adam minimises the cross-entropy, with batch normalisation, in Keras.

  Args:
    units: Units of the hidden layers, bottom first.
    activation: Activation of the hidden layers.
    epochs: Number of passes over the examples; a pass takes at least 150 steps.
    batch_size: Examples per step.
    learning_rate: Initial learning rate of Adam, with cosine decay to zero.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  activation: Activation = "relu"
  epochs: int = 10
  batch_size: int = 128
  learning_rate: float = 2e-3
  needs_all_labels: ClassVar[bool] = True

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, epochs=1, batch_size=2)

  def fit_labelled(
    self,
    inputs: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    seed: int = 0,
  ) -> Classifier:
    """Trains on the given examples.

    Args:
      inputs: float32 `[b, i]` inputs of the labelled examples.
      labels: `[b]` class indices of the labelled examples.
      num_classes: Number of classes.
      seed: Integer seed of initial weights and example order.

    Returns:
      A callable that maps inputs `[n, i]` to class indices `[n]`.
    """
    network = dense_network(
      inputs.shape[1],
      (*self.units, num_classes),
      seed,
      self.activation,
      top_activation="linear",
    )
    model = keras.Model(network.inputs, network.outputs[-1])
    steps = epoch_steps(len(inputs), self.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
      self.learning_rate, steps * self.epochs
    )
    compile_for_steps(
      model, rate, keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    batches = shuffled_batches([inputs, labels], self.batch_size, seed)
    model.fit(
      batches,
      steps_per_epoch=steps,
      epochs=self.epochs,
      shuffle=False,
      verbose=0,
    )
    features = NetworkFeatures(network)
    return lambda query: np.argmax(features(query), axis=-1)
