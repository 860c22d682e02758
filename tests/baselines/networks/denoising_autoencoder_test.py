# SPDX-License-Identifier: Apache-2.0
"""Tests of the noise of the denoising autoencoder."""

import numpy as np
import pytest

from lurl_tf.baselines import DenoisingAutoencoder


def test_noise_is_for_training_only():
  autoencoder, encoder = DenoisingAutoencoder((6, 3), dropout=0.5).build(
    4, seed=0
  )
  inputs = np.random.default_rng(0).uniform(size=[8, 4]).astype(np.float32)
  first, again = (np.asarray(autoencoder(inputs)) for _ in range(2))
  np.testing.assert_array_equal(first, again)
  noisy = (np.asarray(autoencoder(inputs, training=True)) for _ in range(2))
  assert np.any(next(noisy) != next(noisy))
  assert [output.shape[1] for output in encoder.outputs] == [6, 3]
  assert autoencoder.output_shape == (None, 4)


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: dropout=1"):
    DenoisingAutoencoder(dropout=1)
