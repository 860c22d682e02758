# SPDX-License-Identifier: Apache-2.0
"""What autoencoders share: how they are trained, and which epoch is kept."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, Self, get_args

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

Keep = Literal["last", "own_loss", "meta_validation"]


class Epoch(NamedTuple):
  """The state after one epoch.

  Attributes:
    number: from 1.
    features: valid until the next epoch begins.
    loss: the method's own, on examples held out; NaN if none are.
  """

  number: int
  features: Features
  loss: float


@dataclasses.dataclass(frozen=True)
class Autoencoder(Baseline):
  """Base class of autoencoders; subclasses override `build`.

  The encoder is a dense network with batch normalisation whose top layer, the
  code, is linear; the decoder mirrors it. Features are the code and the hidden
  layers. Inputs within [0, 1] are taken as probabilities (cross-entropy),
  others as numbers (squared error).

  Args:
    units: units of the encoder's layers, bottom first; the last is the code.
    epochs: passes over the unlabelled examples, of 150 steps or more.
    keep: which epoch's features are kept: the `"last"`; that of the lowest
      `"own_loss"` on a tenth of the examples, which are then not learned from;
      or the one that was best by `"meta_validation"`, on other data: before
      `fit`, `lurl_tf.baselines.choose_epochs` has to turn it into a number.
    batch_size: examples of a step.
    learning_rate: of Adam.

  Raises:
    ValueError: if a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  epochs: int = 20
  keep: Keep = "last"
  batch_size: int = 128
  learning_rate: float = 3e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, epochs=1, batch_size=2)
    check_positive(self, "learning_rate")
    if self.keep not in get_args(Keep):
      raise ValueError(
        f"`keep` must be one of {get_args(Keep)}. Received: keep={self.keep!r}"
      )

  def build(
    self, input_size: int, seed: int
  ) -> tuple[keras.Model, keras.Model]:
    """Makes the networks.

    Args:
      input_size: number of inputs.
      seed: of starting weights and noise.

    Returns:
      The autoencoder, not compiled, and the encoder within it, whose outputs
      are a list of layers.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `build`")

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Trains the autoencoder.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: of starting weights, order and noise.

    Returns:
      `Features` of the epoch that is kept.

    Raises:
      ValueError: if that is still to be chosen by other data.
    """
    if self.keep == "meta_validation":
      raise ValueError(
        "`choose_epochs` must choose the number of epochs first. "
        f"Received: keep={self.keep!r}"
      )
    if self.keep == "last":
      *_, last = self.fit_epochs(unlabelled, seed)
      return last.features
    held_out, kept = hold_out(len(unlabelled), seed)
    lowest, weights = np.inf, None
    for epoch in self.fit_epochs(unlabelled[kept], seed, unlabelled[held_out]):
      network = epoch.features.network
      if weights is None or epoch.loss < lowest:
        lowest, weights = epoch.loss, network.get_weights()
    network.set_weights(weights)
    return epoch.features

  def fit_epochs(
    self,
    unlabelled: np.ndarray,
    seed: int = 0,
    held_out: np.ndarray | None = None,
  ) -> Iterator[Epoch]:
    """Trains the autoencoder, and stops after every epoch.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: of starting weights, order and noise.
      held_out: float32 `[n, i]` examples that the loss is told of.

    Yields:
      `Epoch`, one after the other.
    """
    low, high = unlabelled.min(), unlabelled.max()
    is_probability = bool(low >= 0 and high <= 1)
    autoencoder, encoder = self.build(unlabelled.shape[1], seed)
    compile_for_steps(
      autoencoder, self.learning_rate, summed_error(is_probability)
    )
    steps = epoch_steps(len(unlabelled), self.batch_size)
    for number in range(1, self.epochs + 1):
      # One data set for all epochs would go on in an order that depends on how
      # far the epoch before was prefetched.
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
    """Learning rates and numbers of epochs."""
    rates = (self.learning_rate, 3e-4, 1e-3)
    epochs = (self.epochs, max(self.epochs // 4, 1))
    return tuple(
      dataclasses.replace(self, learning_rate=rate, epochs=number)
      for rate in rates
      for number in epochs
    )


def hold_out(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Which examples tell of the loss, and which are learned from.

  Args:
    count: of examples.
    seed: of the draw.

  Returns:
    Row numbers of a tenth of the examples, and of all others.
  """
  order = np.random.default_rng([seed, Stream.HOLD_OUT]).permutation(count)
  held_out, kept = np.split(order, [max(count // 10, 1)])
  return held_out, kept


def summed_error(is_probability: bool) -> Callable[[Any, Any], Any]:
  """The reconstruction's loss of an example, summed over its inputs.

  Args:
    is_probability: whether inputs are within [0, 1]; outputs are then logits of
      probabilities.

  Returns:
    A callable that takes inputs and outputs, `[b, i]`, and returns `[b]`.
  """
  if is_probability:

    def error(inputs, logits):
      mean = keras.losses.binary_crossentropy(inputs, logits, from_logits=True)
      return mean * logits.shape[-1]
  else:

    def error(inputs, outputs):
      return 0.5 * keras.ops.sum(keras.ops.square(inputs - outputs), axis=-1)

  return error
