# SPDX-License-Identifier: Apache-2.0
"""Tests of the triangle encoding."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from lurl_tf.baselines import KMeansTriangle
from lurl_tf.baselines.k_means import _whitening
from tests.baselines.clusters import accuracy_of, check_seeds, make_clusters


def test_features_are_those_of_the_formula():
  inputs, _ = make_clusters(50)
  actual = KMeansTriangle(5).fit(inputs, seed=3)(inputs[:6])
  model = KMeans(5, n_init=1, random_state=3).fit(inputs)
  for row, own in zip(inputs, actual):
    distances = np.linalg.norm(row - model.cluster_centers_, axis=1)
    expected = np.maximum(0, distances.mean() - distances)
    np.testing.assert_allclose(own, expected, atol=1e-5)


def test_whitening_makes_inputs_uncorrelated_where_there_is_no_floor():
  inputs, _ = make_clusters(500)
  white = _whitening(inputs, 1e-9)(inputs)
  np.testing.assert_allclose(
    np.cov(white, rowvar=False), np.eye(inputs.shape[1]), atol=1e-3
  )


def test_whitening_bears_inputs_that_never_change():
  inputs, _ = make_clusters(60)
  inputs[:, 3] = 0.5
  features = KMeansTriangle(4, whiten=True).fit(inputs)(inputs)
  assert np.ptp(features, axis=0).min() > 0.1
  # The constant does not matter.
  inputs[:, 3] = 2.0
  shifted = KMeansTriangle(4, whiten=True).fit(inputs)(inputs)
  np.testing.assert_allclose(features, shifted, atol=1e-5)


@pytest.mark.parametrize("whiten", [False, True])
def test_clusters_are_found(whiten):
  inputs, _ = make_clusters()
  assert accuracy_of(KMeansTriangle(4, whiten).fit(inputs)) > 0.9


def test_seeds():
  check_seeds(KMeansTriangle(7), make_clusters()[0])


def test_no_more_clusters_than_examples():
  inputs, _ = make_clusters(10)
  features = KMeansTriangle(256).fit(inputs)(inputs)
  # Every example is a mean, and no other mean is as near to it.
  assert features.shape == (10, 10)
  assert sorted(features.argmax(axis=1)) == list(range(10))


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: clusters=0"):
    KMeansTriangle(0)
  with pytest.raises(ValueError, match="Received: whitening_epsilon=0"):
    KMeansTriangle(whitening_epsilon=0)
