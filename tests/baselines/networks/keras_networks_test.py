# SPDX-License-Identifier: Apache-2.0
"""Tests of the networks that baselines share."""

import itertools

import keras
import numpy as np

from lurl_tf.baselines.networks.keras_networks import (
  LEAST_STEPS,
  NetworkFeatures,
  dense_network,
  epoch_steps,
  layer_seeds,
  shuffled_batches,
)
from tests.baselines.clusters import make_clusters


def test_layers_are_those_written_out():
  inputs, _ = make_clusters(9)
  network = dense_network(12, (5, 3), seed=1, top_activation="linear")
  first, second = NetworkFeatures(network).layers(inputs)
  dense = [x for x in network.layers if isinstance(x, keras.layers.Dense)]
  kernels = [np.asarray(layer.kernel) for layer in dense]
  # Moving statistics are 0 and 1 at the start.
  hidden = np.maximum(inputs @ kernels[0] / np.sqrt(1 + 1e-3), 0)
  np.testing.assert_allclose(first, hidden, rtol=1e-4, atol=1e-5)
  np.testing.assert_allclose(second, hidden @ kernels[1], rtol=1e-4, atol=1e-5)
  assert dense[0].bias is None and dense[1].bias is not None


def test_seeds_are_those_of_the_network():
  first, again, other = (
    dense_network(12, (5, 3), seed).get_weights()[0] for seed in (1, 1, 2)
  )
  np.testing.assert_array_equal(first, again)
  assert np.any(first != other)
  assert len(set(layer_seeds(0, 3) + layer_seeds(1, 3))) == 6


def test_batches_go_through_all_examples_in_new_orders():
  rows = np.arange(12)

  def passes(seed):
    batches = shuffled_batches([rows, rows + 100], 4, seed)
    taken = list(itertools.islice(batches.as_numpy_iterator(), 6))
    for own, other in taken:
      np.testing.assert_array_equal(own + 100, other)
    flat = np.concatenate([own for own, _ in taken])
    return flat[:12], flat[12:]

  first, second = passes(0)
  assert sorted(first) == sorted(second) == list(range(12))
  assert np.any(first != second)
  np.testing.assert_array_equal(first, passes(0)[0])
  assert np.any(first != passes(1)[0])


def test_epochs_are_long_enough():
  assert epoch_steps(100, 128) == LEAST_STEPS
  assert epoch_steps(128 * 400 + 5, 128) == 400
