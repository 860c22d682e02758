# SPDX-License-Identifier: Apache-2.0
"""Tests of the variational bound."""

import numpy as np
import pytest

from lurl_tf.baselines import VariationalAutoencoder
from lurl_tf.baselines.networks.variational_autoencoder import _SampleCode


def test_divergence_is_the_one_between_normals():
  rng = np.random.default_rng(0)
  mean, log_variance = rng.normal(size=[2, 3, 2]).astype(np.float32)
  layer = _SampleCode(kl_weight=2.0, seed=0)
  layer([mean, log_variance])
  # By samples: the mean of log q - log p under q.
  noise = rng.normal(size=[200_000, 3, 2])
  codes = mean + np.exp(log_variance / 2) * noise
  log_ratio = 0.5 * np.sum(codes**2 - noise**2 - log_variance, axis=-1)
  np.testing.assert_allclose(layer.losses[0], 2 * log_ratio.mean(), rtol=0.01)


def test_samples_have_the_moments_asked_for():
  mean = np.full([50_000, 1], 3.0, np.float32)
  log_variance = np.full([50_000, 1], np.log(4.0), np.float32)
  codes = np.asarray(_SampleCode(1.0, seed=0)([mean, log_variance]))
  np.testing.assert_allclose(codes.mean(), 3, atol=0.05)
  np.testing.assert_allclose(codes.std(), 2, atol=0.05)


def test_features_are_the_means():
  _, encoder = VariationalAutoencoder((6, 3)).build(4, seed=0)
  inputs = np.random.default_rng(0).normal(size=[5, 4]).astype(np.float32)
  hidden, means = encoder.predict(inputs, verbose=0)
  assert hidden.shape == (5, 6)
  # The network's last layer has the means first, then the log variances.
  kernel, bias = (value.numpy() for value in encoder.weights[-2:])
  np.testing.assert_allclose(means, (hidden @ kernel + bias)[:, :3], atol=1e-5)


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: kl_weight=-1"):
    VariationalAutoencoder(kl_weight=-1)
