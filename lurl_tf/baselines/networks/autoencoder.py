# SPDX-License-Identifier: Apache-2.0
"""Base class of autoencoders, and their training."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

import keras
import numpy as np

from lurl_tf.baselines.interface import Baseline
from lurl_tf.baselines.networks.keras_networks import (
  NetworkFeatures,
  compile_for_steps,
  epoch_steps,
  shuffled_batches,
)
from lurl_tf.checks import check_at_least, check_positive, check_units
from lurl_tf.features import Features
from lurl_tf.random_numbers import Stream


class Epoch(NamedTuple):
  """State of an autoencoder after one epoch.

  Attributes:
    number: Number of the epoch, from 1.
    features: Features of the encoder, valid until the next epoch begins.
    loss: Training loss on the held-out examples; NaN without such examples.
  """

  number: int
  features: Features
  loss: float


@dataclasses.dataclass(frozen=True)
class Autoencoder(Baseline):
  """Base class of autoencoders; subclasses override `build`.

  The encoder is a dense network with batch normalisation and a linear top
  layer, the code; the decoder mirrors it. Features are the hidden layers and
  the code. The loss is the cross-entropy if all inputs are within [0, 1], and
  half the squared error otherwise.

  Args:
    units: Units of the encoder's layers, bottom first; the last is the code.
    epochs: Number of passes over the unlabelled examples; a pass takes at
      least 150 steps.
    batch_size: Examples per step.
    learning_rate: Learning rate of Adam.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  epochs: int = 20
  batch_size: int = 128
  learning_rate: float = 3e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, epochs=1, batch_size=2)
    check_positive(self, "learning_rate")

  def build(
    self, input_size: int, seed: int
  ) -> tuple[keras.Model, keras.Model]:
    """Builds the networks.

    Args:
      input_size: Number of inputs.
      seed: Integer seed of the initial weights and the noise.

    Returns:
      The autoencoder, not compiled, and its encoder, whose outputs are the
      list of all layers' activations.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `build`")

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Trains the autoencoder.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of initial weights, example order and noise.

    Returns:
      `Features` after the last epoch.
    """
    *_, last = self.fit_epochs(unlabelled, seed)
    return last.features

  def fit_epochs(
    self,
    unlabelled: np.ndarray,
    seed: int = 0,
    held_out: np.ndarray | None = None,
  ) -> Iterator[Epoch]:
    """Trains the autoencoder epoch by epoch.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of initial weights, example order and noise.
      held_out: float32 `[n, i]` examples on which `Epoch.loss` is computed.

    Yields:
      The `Epoch` after each pass.
    """
    low, high = unlabelled.min(), unlabelled.max()
    is_probability = bool(low >= 0 and high <= 1)
    autoencoder, encoder = self.build(unlabelled.shape[1], seed)
    compile_for_steps(
      autoencoder, self.learning_rate, summed_error(is_probability)
    )
    steps = epoch_steps(len(unlabelled), self.batch_size)
    for number in range(1, self.epochs + 1):
      # One data set for all epochs would continue in an order that depends on
      # how much of it was prefetched in the previous epoch.
      batches = shuffled_batches(
        [unlabelled, unlabelled], self.batch_size, seed + number - 1
      )
      autoencoder.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
      loss = float("nan")
      if held_out is not None:
        loss = autoencoder.evaluate(
          held_out, held_out, batch_size=self.batch_size, verbose=0
        )
      yield Epoch(number, NetworkFeatures(encoder), loss)

  def candidates(self) -> tuple[Self, ...]:
    """Varies the learning rate and the number of epochs."""
    rates = (self.learning_rate, 3e-4, 1e-3)
    epochs = (self.epochs, max(self.epochs // 4, 1))
    return tuple(
      dataclasses.replace(self, learning_rate=rate, epochs=number)
      for rate in rates
      for number in epochs
    )


def hold_out(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Splits examples into held-out and training examples.

  Args:
    count: Number of examples.
    seed: Integer seed of the split.

  Returns:
    Row numbers of a tenth of the examples, and of the others.
  """
  order = np.random.default_rng([seed, Stream.HOLD_OUT]).permutation(count)
  held_out, kept = np.split(order, [max(count // 10, 1)])
  return held_out, kept


def summed_error(is_probability: bool) -> Callable[[Any, Any], Any]:
  """Returns the reconstruction loss, summed over the inputs of an example.

  Args:
    is_probability: Whether inputs are within [0, 1]; outputs are then logits
      of probabilities.

  Returns:
    A callable that maps inputs and outputs `[b, i]` to losses `[b]`.
  """
  if is_probability:

    def error(inputs, logits):
      mean = keras.losses.binary_crossentropy(inputs, logits, from_logits=True)
      return mean * logits.shape[-1]
  else:

    def error(inputs, outputs):
      return 0.5 * keras.ops.sum(keras.ops.square(inputs - outputs), axis=-1)

  return error
