# SPDX-License-Identifier: Apache-2.0
"""Tests that features collected in batches are scored as one array."""

import numpy as np
import pytest

from lurl_tf.models.few_shot import few_shot_accuracy
from lurl_tf.models.few_shot_scorer import FewShotScorer, check_labels


def test_batches_are_scored_as_one_array():
  generator = np.random.default_rng(0)
  labels = np.arange(60) % 3
  features = np.eye(3)[labels] + generator.normal(size=(60, 3))
  scorer = FewShotScorer(4)
  for begin in range(0, 60, 20):
    rows = slice(begin, begin + 20)
    scorer.add(features[rows], np.eye(3)[labels[rows]])
  assert scorer.num_batches == 3
  accuracy = few_shot_accuracy(features, labels, 4)
  assert 0.4 < accuracy < 1.0
  assert scorer.logs() == {"few_shot_accuracy": accuracy}


def test_targets_of_a_regression_give_no_accuracy():
  scorer = FewShotScorer(4)
  scorer.add(np.zeros([4, 2]), np.array([0.5, 1.5, 0.2, 0.1]))
  assert scorer.logs() == {}


def test_labels_are_required():
  check_labels(np.zeros(3))
  with pytest.raises(ValueError, match="Received: no labels"):
    check_labels(None)
