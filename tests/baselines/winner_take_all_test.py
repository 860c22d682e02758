# SPDX-License-Identifier: Apache-2.0
"""Tests that the rule is applied as it is."""

import numpy as np
import pytest

from lurl_tf.baselines import WinnerTakeAll
from lurl_tf.models import RuleFeatures
from lurl_tf.rule import SoftWinnerTakeAll
from tests.baselines.clusters import accuracy_of, make_clusters

OPTIONS = {"units": (8,), "inner_steps": 30, "batch_size": 40}


def test_features_are_those_of_the_transformer():
  inputs, _ = make_clusters()
  actual = WinnerTakeAll(**OPTIONS, sharpness=5.0).fit(inputs, seed=3)(inputs)
  expected = RuleFeatures(
    SoftWinnerTakeAll(5.0), **OPTIONS, learning_rate=0.1, random_state=3
  ).fit_transform(inputs)
  np.testing.assert_array_equal(actual, expected)


def test_clusters_are_found():
  assert accuracy_of(WinnerTakeAll(**OPTIONS).fit(make_clusters()[0])) > 0.9


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: inner_steps=0"):
    WinnerTakeAll(inner_steps=0)
