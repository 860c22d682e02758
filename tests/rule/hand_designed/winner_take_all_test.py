# SPDX-License-Identifier: Apache-2.0
"""Tests of soft winner-take-all: a twin in NumPy, and cluster centres."""

import numpy as np
import pytest

import lurl_tf
from lurl_tf.rule import SoftWinnerTakeAll
from tests.rule import one_batch


@pytest.mark.parametrize(("sharpness", "decay"), [(10.0, 0.0), (0.5, 1.0)])
def test_twin(sharpness, decay):
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  rule = SoftWinnerTakeAll(sharpness, decay)
  changes = one_batch.propose(rule, weights, inputs)
  expected = []
  for layer in one_batch.layer_arrays(weights, inputs):
    exponentials = np.exp(sharpness * layer["z"])
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    means = [
      np.average(layer["x_below"], axis=0, weights=share) for share in shares.T
    ]
    targets = np.stack(means, axis=1) - layer["x_below"].mean(0)[:, None]
    expected.append(decay * layer["W"] - targets)
  one_batch.assert_kernels_only(changes, expected)


def draw_clusters():
  """Rows of four clusters, and the clusters' means less the overall one."""
  generator = np.random.default_rng(5)
  labels = np.arange(80) % 4
  centers = 4 * np.eye(6)[:4]
  rows = 1 + centers[labels] + 0.1 * generator.normal(size=(80, 6))
  means = np.stack([rows[labels == label].mean(0) for label in range(4)])
  return rows, means - rows.mean(0)


def starts_near(centers):
  """Weights with a column near each cluster, in reversed order."""
  noise = np.random.default_rng(6).normal(size=centers.shape)
  kernel = (centers + 0.3 * noise)[::-1].T
  return (lurl_tf.LayerWeights(kernel, np.zeros(4), np.zeros_like(kernel)),)


def test_columns_become_cluster_centers():
  rows, centers = draw_clusters()
  weights = starts_near(centers)
  for _ in range(60):
    weights = lurl_tf.inner_step(
      SoftWinnerTakeAll(20.0), weights, rows, learning_rate=0.3
    )
  np.testing.assert_allclose(weights[0].kernel, centers[::-1].T, atol=1e-4)


def test_a_unit_that_wins_nothing_gets_a_finite_change():
  """The shares of one unit underflow for all examples."""
  (weights,) = one_batch.draw_weights((2,), dtype="float32")
  weights = (weights._replace(bias=np.array([1e4, -1e4], np.float32)),)
  inputs = one_batch.draw_inputs(dtype="float32")
  change = one_batch.propose(SoftWinnerTakeAll(10.0), weights, inputs)[0].kernel
  # The winner's shares are all 1: its target is the mean of all inputs.
  np.testing.assert_allclose(change[:, 0], 0, atol=1e-5)
  # The shares of the other one are only known up to a factor.
  (layer,) = one_batch.layer_arrays(weights, inputs)
  log_shares = 10.0 * (layer["z"][:, 1] - layer["z"][:, 0]).astype(np.float64)
  shares = np.exp(log_shares - log_shares.max())
  target = np.average(layer["x_below"], axis=0, weights=shares)
  expected = layer["x_below"].mean(axis=0) - target
  # One unit in the last place of a log share of 2e5 is 0.016.
  np.testing.assert_allclose(change[:, 1], expected, atol=0.05)
  assert np.abs(expected).max() > 0.5


@pytest.mark.parametrize("value", [0, -1, float("nan"), "3", True])
def test_bad_sharpness(value):
  with pytest.raises(ValueError, match="`sharpness` must .* Received: sharpn"):
    SoftWinnerTakeAll(value)


@pytest.mark.parametrize("value", [-1, float("inf"), "3"])
def test_bad_decay(value):
  with pytest.raises(ValueError, match="`decay` must be .* Received: decay="):
    SoftWinnerTakeAll(decay=value)
