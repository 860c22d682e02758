# SPDX-License-Identifier: Apache-2.0
"""Tests of the nearest-mean read-out against scikit-learn."""

import numpy as np
from sklearn.neighbors import NearestCentroid

from lurl_tf.readouts import nearest_mean


def test_agrees_with_scikit_learn():
  rng = np.random.default_rng(0)
  labels = np.arange(60) % 3
  features = rng.normal(size=[60, 5]) + 0.7 * np.eye(5)[labels]
  twin = NearestCentroid().fit(features[:20], labels[:20])
  expected = twin.score(features[20:], labels[20:])
  actual = nearest_mean(
    features[:20], labels[:20], features[20:], labels[20:], 3
  )
  assert actual == expected
  assert 0.3 < actual < 1
