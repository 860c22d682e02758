# SPDX-License-Identifier: Apache-2.0
"""Variational autoencoder in Keras."""

import dataclasses
from typing import Any, Self

import keras

from lurl_tf.baselines.networks.autoencoder import Autoencoder
from lurl_tf.baselines.networks.keras_networks import dense_network, layer_seeds
from lurl_tf.checks import check_at_least


@dataclasses.dataclass(frozen=True)
class VariationalAutoencoder(Autoencoder):
  """Variational autoencoder of Kingma and Welling (2014).

  The prior of the code is a standard normal distribution; the features are the
  means of the code. The likelihood is Bernoulli if all inputs are within
  [0, 1], and normal with unit variance otherwise.

  Args:
    kl_weight: Weight of the divergence from the prior; 1 for the bound.

  The other arguments are those of `Autoencoder`.

  Raises:
    ValueError: If a value is out of range.
  """

  kl_weight: float = 1.0

  def __post_init__(self):
    super().__post_init__()
    check_at_least(self, kl_weight=0)

  def build(
    self, input_size: int, seed: int
  ) -> tuple[keras.Model, keras.Model]:
    """Builds autoencoder and encoder, see `Autoencoder.build`.

    Args:
      input_size: Number of inputs.
      seed: Integer seed of the initial weights and the noise.

    Returns:
      Both models.
    """
    *below, code = self.units
    encoder_seed, decoder_seed, noise_seed = layer_seeds(seed, 3)
    moments = dense_network(
      input_size, (*below, 2 * code), encoder_seed, top_activation="linear"
    )
    inputs = keras.Input([input_size])
    *hidden, both = moments(inputs)
    mean, log_variance = both[:, :code], both[:, code:]
    encoder = keras.Model(inputs, [*hidden, mean])
    sample = _SampleCode(self.kl_weight, noise_seed)([mean, log_variance])
    decoder = dense_network(
      code, (*below[::-1], input_size), decoder_seed, top_activation="linear"
    )
    return keras.Model(inputs, decoder(sample)[-1]), encoder

  def candidates(self) -> tuple[Self, ...]:
    """Varies the weight of the divergence, too."""
    return tuple(
      dataclasses.replace(other, kl_weight=weight)
      for other in super().candidates()
      for weight in (self.kl_weight, 0.3, 3.0)
    )


class _SampleCode(keras.layers.Layer):
  """Draws codes, and adds their divergence from the prior to the loss."""

  def __init__(self, kl_weight: float, seed: int):
    super().__init__()
    self._kl_weight = kl_weight
    self._noise = keras.random.SeedGenerator(seed)

  def call(self, inputs: list[Any]) -> Any:
    mean, log_variance = inputs
    divergence = 0.5 * keras.ops.sum(
      keras.ops.exp(log_variance) + mean**2 - 1 - log_variance, axis=-1
    )
    self.add_loss(self._kl_weight * keras.ops.mean(divergence))
    noise = keras.random.normal(keras.ops.shape(mean), seed=self._noise)
    return mean + keras.ops.exp(0.5 * log_variance) * noise
