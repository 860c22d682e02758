# SPDX-License-Identifier: Apache-2.0
"""Tests of both autoencoders."""

import dataclasses
import functools
import itertools

import numpy as np
import pytest
from scipy import special

from lurl_tf.baselines import DenoisingAutoencoder, VariationalAutoencoder
from lurl_tf.baselines.networks import keras_networks
from lurl_tf.baselines.networks.autoencoder import (
  Autoencoder,
  hold_out,
  summed_error,
)
from tests.baselines.clusters import accuracy_of, check_seeds, make_clusters

OPTIONS = {"units": (16, 4), "epochs": 2, "batch_size": 32}
# The clusters are small: little is gained by telling them apart.
SMALL_VAE = functools.partial(VariationalAutoencoder, kl_weight=0.03)
BOTH = pytest.mark.parametrize(
  "make", [DenoisingAutoencoder, SMALL_VAE], ids=["denoising", "variational"]
)

pytestmark = pytest.mark.usefixtures("short_epochs")


@BOTH
def test_clusters_are_found(make):
  inputs, _ = make_clusters()
  features = make(**OPTIONS).fit(inputs)
  assert [x.shape for x in features.layers(inputs)] == [(120, 16), (120, 4)]
  assert accuracy_of(features) > 0.85


@BOTH
def test_seeds(make):
  options = OPTIONS | {"epochs": 1}
  check_seeds(make(**options), make_clusters(40)[0])


@pytest.mark.parametrize("read_ahead", [1, 40])
def test_an_epoch_is_the_same_however_far_the_last_was_read(read_ahead):
  """Keras prefetches batches beyond those that an epoch takes."""
  inputs, firsts = make_clusters(40)[0], []

  class Network:
    def compile(self, *_, **options):
      pass

    def fit(self, batches, steps_per_epoch, **options):
      taken = itertools.islice(batches, steps_per_epoch + read_ahead)
      firsts.append([batch.numpy() for batch, _ in taken][0])

  class Recorded(Autoencoder):
    def build(self, input_size, seed):
      return Network(), None

  list(Recorded(epochs=3, batch_size=8).fit_epochs(inputs, seed=5))
  for number, first in enumerate(firsts):
    expected = keras_networks.shuffled_batches([inputs], 8, 5 + number)
    np.testing.assert_array_equal(first, next(iter(expected))[0])
  assert np.any(firsts[0] != firsts[1])


@BOTH
def test_losses_fall_on_examples_held_out(make):
  inputs, _ = make_clusters()
  held_out, _ = make_clusters(40, seed=1)
  baseline = make(**OPTIONS | {"epochs": 3})
  numbers, losses = zip(
    *((e.number, e.loss) for e in baseline.fit_epochs(inputs, 0, held_out))
  )
  assert numbers == (1, 2, 3)
  assert losses[-1] < losses[0]


def test_a_tenth_is_held_out():
  held_out, kept = hold_out(30, seed=0)
  assert len(held_out) == 3
  assert sorted([*held_out, *kept]) == list(range(30))
  other, _ = hold_out(30, seed=1)
  assert set(held_out) != set(other)


def test_errors_are_those_of_the_formulas():
  rng = np.random.default_rng(0)
  inputs, outputs = rng.uniform(size=[2, 5, 7]).astype(np.float32)
  shares = special.expit(outputs)
  expected = -np.sum(
    inputs * np.log(shares) + (1 - inputs) * np.log(1 - shares), axis=1
  )
  actual = summed_error(True)(inputs, outputs)
  np.testing.assert_allclose(actual, expected, rtol=1e-4)
  expected = 0.5 * np.sum((inputs - outputs) ** 2, axis=1)
  np.testing.assert_allclose(
    summed_error(False)(inputs, outputs), expected, rtol=1e-5
  )


def test_inputs_that_are_no_probabilities():
  inputs, _ = make_clusters()
  features = DenoisingAutoencoder(**OPTIONS).fit(6 * inputs - 3)
  assert accuracy_of(lambda rows: features(6 * rows - 3)) > 0.85


@pytest.mark.parametrize(
  "options",
  [
    {"units": ()},
    {"epochs": 0},
    {"learning_rate": 0.0},
    {"batch_size": 1},
  ],
)
def test_bad_options_are_told(options):
  (name,) = options
  with pytest.raises(ValueError, match=f"Received: {name}="):
    dataclasses.replace(DenoisingAutoencoder(), **options)
