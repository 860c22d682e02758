# SPDX-License-Identifier: Apache-2.0
"""Tests of the ceiling."""

import numpy as np
import pytest

from lurl_tf.baselines import SupervisedAllLabels
from tests.baselines.clusters import CLASSES, make_clusters

pytestmark = pytest.mark.usefixtures("short_epochs")


def test_clusters_are_told_apart():
  inputs, labels = make_clusters(120)
  query, expected = make_clusters(200, seed=2)
  baseline = SupervisedAllLabels(units=(8,), epochs=10, batch_size=40)
  assert baseline.needs_all_labels
  first, again = (
    baseline.fit_labelled(inputs, labels, CLASSES, 1)(query) for _ in range(2)
  )
  assert np.mean(first == expected) > 0.95
  np.testing.assert_array_equal(first, again)


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: epochs=0"):
    SupervisedAllLabels(epochs=0)
