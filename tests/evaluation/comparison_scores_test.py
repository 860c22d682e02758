# SPDX-License-Identifier: Apache-2.0
"""Tests of how scores are compared."""

import numpy as np
import pytest

from lurl_tf.evaluation import statistics
from lurl_tf.evaluation.comparison_scores import (
  Score,
  best_scores,
  contests,
)

NOISE = np.random.default_rng(0).normal(size=[4, 5, 4])


def score(method, mean, readout="ridge", layers="last", noise=0):
  accuracies = mean + 0.01 * NOISE[noise]
  return Score(method, 10, layers, readout, accuracies, 32, 1.0)


SCORES = [
  score("rule", 0.5),
  score("rule", 0.7, "ridge_loo", "all"),
  score("near", 0.695, noise=1),
  score("far", 0.6, noise=2),
  score("far", 0.4, "ridge_loo"),
  score("better", 0.8, noise=3),
]


def test_mean_and_standard_error():
  own = SCORES[0]
  assert own.mean == statistics.accuracy_mean(own.accuracies)
  assert own.stderr == statistics.accuracy_stderr(own.accuracies)


def test_the_best_of_every_method():
  best = best_scores(SCORES)
  assert list(best) == ["rule", "near", "far", "better"]
  assert best["rule"] is SCORES[1]
  assert best["far"] is SCORES[3]


def test_contests_are_paired_and_adjusted_together():
  found = contests(SCORES, "rule", seed=1)
  assert [contest.best.method for contest in found] == ["near", "far", "better"]
  own = SCORES[1].accuracies
  p_values = []
  for contest in found:
    other = contest.best.accuracies
    assert contest.gain == statistics.paired_difference(own, other, 1)
    p_values.append(statistics.paired_p_value(own, other, 1))
  assert [contest.p_value for contest in found] == pytest.approx(
    statistics.holm(p_values)
  )
  near, far, better = found
  assert far.p_value < 0.01 and better.p_value < 0.01 < near.p_value
  assert far.gain.difference > 0 > better.gain.difference


def test_no_reference_no_contest():
  assert contests(SCORES, "another") == ()
