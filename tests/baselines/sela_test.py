# SPDX-License-Identifier: Apache-2.0
"""Tests of self-labels by optimal transport."""

import dataclasses

import numpy as np
import pytest
from scipy import optimize

from lurl_tf.baselines import SeLa
from lurl_tf.baselines.sela import balanced_labels
from tests.baselines.clusters import accuracy_of, check_seeds, make_clusters

BASELINE = SeLa(
  units=(16, 8), clusters=6, rounds=2, epochs_per_round=1, batch_size=40
)

pytestmark = pytest.mark.usefixtures("short_epochs")


def test_labels_are_the_best_balanced_assignment():
  log_shares = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 12))
  # Three seats of each label: a linear assignment.
  _, seats = optimize.linear_sum_assignment(-np.repeat(log_shares, 3, axis=1))
  actual = balanced_labels(log_shares, sharpness=200.0, tolerance=1e-4)
  np.testing.assert_array_equal(actual, seats // 3)


def test_labels_are_balanced_where_predictions_are_not():
  shares = np.random.default_rng(0).dirichlet([20.0, 1, 1, 1], 400)
  counts = np.bincount(balanced_labels(np.log(shares), 25.0), minlength=4)
  assert np.argmax(shares, axis=1).sum() < 20
  np.testing.assert_allclose(counts, 100, atol=15)


def test_impossible_labels_are_borne():
  log_shares = np.full([6, 2], -1e4)
  log_shares[:3, 0] = log_shares[3:, 1] = 0
  np.testing.assert_array_equal(
    balanced_labels(log_shares, 25.0), [0, 0, 0, 1, 1, 1]
  )


def test_clusters_are_found():
  larger = dataclasses.replace(BASELINE, units=(32, 16), clusters=12, rounds=4)
  assert accuracy_of(larger.fit(make_clusters()[0])) > 0.9


def test_seeds():
  check_seeds(BASELINE, make_clusters()[0])


@pytest.mark.parametrize(
  "options", [{"clusters": 1}, {"dropout": 1}, {"rounds": 0}]
)
def test_bad_options_are_told(options):
  (name,) = options
  with pytest.raises(ValueError, match=f"Received: {name}="):
    SeLa(**options)
