# SPDX-License-Identifier: Apache-2.0
"""Tests of keeping the best rule."""

import numpy as np

from lurl_tf import presets
from lurl_tf.meta.runs.best_rule import keep_best
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule
from tests import tiny_meta


def test_the_lowest_loss_wins_whatever_the_accuracy(tmp_path):
  config, path = tiny_meta.make_rule_config(), tmp_path / "best"
  scores = [(0.5, 0.25), (0.75, 0.5), (0.25, 0.125), (0.25, 1.0)]
  kept = []
  for seed, score in enumerate(scores):
    metadata = presets.PresetMetadata(seed=seed)
    rule = UpdateRule(config, seed=seed)
    kept.append(keep_best(rule, path, metadata, ValidationScore(*score)))
  assert kept == [True, False, True, False]
  best = UpdateRule.from_preset(path)
  assert (best.metadata.seed, best.metadata.validation.loss) == (2, 0.25)
  for one, other in zip(
    best.meta_parameters, UpdateRule(config, seed=2).meta_parameters
  ):
    np.testing.assert_array_equal(one, other)


def test_a_loss_that_is_no_number_never_wins(tmp_path):
  rule = UpdateRule(tiny_meta.make_rule_config())
  metadata = presets.PresetMetadata()
  bad = ValidationScore(float("nan"), 0.5)
  assert not keep_best(rule, tmp_path / "best", metadata, bad)
  good = ValidationScore(0.5, 0.5)
  assert keep_best(rule, tmp_path / "best", metadata, good)
  assert not keep_best(rule, tmp_path / "best", metadata, bad)
