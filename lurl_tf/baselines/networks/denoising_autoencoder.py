# SPDX-License-Identifier: Apache-2.0
"""Denoising autoencoder in Keras."""

import dataclasses
from typing import Self

import keras

from lurl_tf.baselines.networks.autoencoder import Autoencoder
from lurl_tf.baselines.networks.keras_networks import dense_network, layer_seeds
from lurl_tf.checks import check_share_below_one


@dataclasses.dataclass(frozen=True)
class DenoisingAutoencoder(Autoencoder):
  """Reconstructs inputs from masked inputs (Vincent et al. 2010).

  Args:
    dropout: Share of the inputs that are set to zero ("masking noise").

  The other arguments are those of `Autoencoder`.

  Raises:
    ValueError: If a value is out of range.
  """

  dropout: float = 0.3

  def __post_init__(self):
    super().__post_init__()
    check_share_below_one(self, "dropout")

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
    encoder_seed, decoder_seed, noise_seed = layer_seeds(seed, 3)
    encoder = dense_network(
      input_size, self.units, encoder_seed, top_activation="linear"
    )
    decoder = dense_network(
      self.units[-1],
      (*self.units[-2::-1], input_size),
      decoder_seed,
      top_activation="linear",
    )
    inputs = keras.Input([input_size])
    noisy = keras.layers.Dropout(self.dropout, seed=noise_seed)(inputs)
    outputs = decoder(encoder(noisy)[-1])[-1]
    return keras.Model(inputs, outputs), encoder

  def candidates(self) -> tuple[Self, ...]:
    """Varies the noise, too."""
    return tuple(
      dataclasses.replace(other, dropout=dropout)
      for other in super().candidates()
      for dropout in (self.dropout, 0.1, 0.5)
    )
