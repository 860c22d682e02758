# SPDX-License-Identifier: Apache-2.0
"""Tests that raw inputs stay raw."""

import numpy as np

from lurl_tf.baselines import RawInputs
from tests.baselines.clusters import make_clusters


def test_features_are_the_inputs():
  inputs, _ = make_clusters(8)
  features = RawInputs().fit(inputs)
  np.testing.assert_array_equal(features(inputs), inputs)
  assert len(features.layers(inputs)) == 1
