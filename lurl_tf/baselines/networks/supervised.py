# SPDX-License-Identifier: Apache-2.0
"""The base network, trained on the few labelled examples only."""

import dataclasses
from typing import Self

import numpy as np
import tensorflow as tf
from sklearn import model_selection

from lurl_tf.activations import Activation
from lurl_tf.baselines.interface import LabelledBaseline
from lurl_tf.baselines.networks.parallel_networks import (
  initial_layers,
  logits_of,
  training,
)
from lurl_tf.checks import check_at_least, check_units
from lurl_tf.features import Classifier

_CHECK_EVERY = 10


@dataclasses.dataclass(frozen=True)
class SupervisedFewLabels(LabelledBaseline):
  """Base network with an output layer, trained on the labelled examples.

  Full-batch Adam minimises the cross-entropy with an L2 penalty of the kernels.
  The penalty and the number of steps have the lowest log-loss in stratified
  cross-validation on the labelled examples; the final training uses all of
  them. If a class has only one example, cross-validation is impossible, and the
  largest penalty and all steps are used.

  Args:
    units: Units of the hidden layers, bottom first.
    activation: Activation of the hidden layers.
    batch_norm: Whether hidden layers are normalised, with the statistics of the
      labelled examples.
    weight_decays: Penalties to choose from.
    steps: Largest number of steps, a multiple of 10.
    folds: Number of folds of the cross-validation.
    learning_rate: Learning rate of Adam.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  activation: Activation = "relu"
  batch_norm: bool = False
  weight_decays: tuple[float, ...] = (0.0, 1e-3, 1e-2)
  steps: int = 200
  folds: int = 5
  learning_rate: float = 3e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, steps=_CHECK_EVERY, folds=2)
    if not self.weight_decays or min(self.weight_decays) < 0:
      raise ValueError(
        "`weight_decays` must not be empty or negative. "
        f"Received: weight_decays={self.weight_decays}"
      )

  def fit_labelled(
    self,
    inputs: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    seed: int = 0,
  ) -> Classifier:
    """Chooses penalty and steps, and trains on all labelled examples.

    Args:
      inputs: float32 `[b, i]` inputs of the labelled examples.
      labels: `[b]` class indices of the labelled examples.
      num_classes: Number of classes.
      seed: Integer seed of initial weights and folds.

    Returns:
      A callable that maps inputs `[n, i]` to class indices `[n]`.
    """
    decay, checks = self._choose(inputs, labels, num_classes, seed)
    everything = np.ones([1, len(inputs)], np.float32)
    layers, _ = self._train(
      inputs, labels, num_classes, everything, [decay], checks, seed
    )

    def classify(query):
      rows = tf.constant(np.concatenate([inputs, query]), tf.float32)
      mask = np.zeros([1, len(rows)], np.float32)
      mask[:, : len(inputs)] = 1
      logits = logits_of(
        layers, rows, tf.constant(mask), self.activation, self.batch_norm
      )
      return np.argmax(logits[0, len(inputs) :], axis=-1)

    return classify

  def candidates(self) -> tuple[Self, ...]:
    """Varies the learning rate; `fit_labelled` chooses penalty and steps."""
    rates = (self.learning_rate, 1e-3, 1e-2)
    return tuple(
      dataclasses.replace(self, learning_rate=rate) for rate in rates
    )

  def _choose(self, inputs, labels, num_classes, seed):
    """Returns the penalty and the number of checks of the final training."""
    most_checks = self.steps // _CHECK_EVERY
    folds = min(self.folds, np.bincount(labels, minlength=num_classes).min())
    if folds < 2:
      return self.weight_decays[-1], most_checks
    splitter = model_selection.StratifiedKFold(
      int(folds), shuffle=True, random_state=seed
    )
    masks = np.ones([folds, len(inputs)], np.float32)
    for mask, (_, left_out) in zip(masks, splitter.split(inputs, labels)):
      mask[left_out] = 0
    _, losses = self._train(
      inputs,
      labels,
      num_classes,
      np.repeat(masks, len(self.weight_decays), axis=0),
      np.tile(self.weight_decays, folds),
      most_checks,
      seed,
    )
    losses = losses.numpy().reshape(most_checks, folds, -1).mean(axis=1)
    check, decay = np.unravel_index(np.argmin(losses), losses.shape)
    return self.weight_decays[decay], int(check) + 1

  def _train(self, inputs, labels, num_classes, mask, decays, checks, seed):
    sizes = (inputs.shape[1], *self.units, num_classes)
    train = training(
      len(sizes) - 1, self.activation, self.batch_norm, _CHECK_EVERY
    )
    return train(
      initial_layers(len(mask), sizes, seed),
      tf.constant(inputs, tf.float32),
      tf.constant(labels, tf.int32),
      tf.constant(mask),
      tf.constant(decays, tf.float32),
      tf.constant(self.learning_rate, tf.float32),
      tf.constant(checks),
    )
