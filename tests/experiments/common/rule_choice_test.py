# SPDX-License-Identifier: Apache-2.0
"""Tests of how `--rule` is understood."""

import numpy as np
import pytest

from experiments.common import rule_choice
from lurl_tf import presets
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig

CONFIG = RuleConfig(
  hidden_channels=4,
  delta_channels=3,
  top_channels=4,
  readout_channels=2,
  mixing="pooled",
)
METADATA = PresetMetadata(units=(9, 7), inner_steps=11, batch_size=13)


def save_rule(path, seed):
  rule = UpdateRule(CONFIG, seed)
  rule.save_preset(path, METADATA)
  return rule


def assert_equal_rules(actual, expected):
  assert actual.config == expected.config
  for one, other in zip(actual.meta_parameters, expected.meta_parameters):
    np.testing.assert_array_equal(one, other)


def test_preset_folder(tmp_path):
  rule = save_rule(tmp_path / "my_rule", seed=5)
  choice = rule_choice.choose_rule(str(tmp_path / "my_rule"), seed=3)
  assert_equal_rules(choice.learned, rule)
  assert_equal_rules(choice.untrained, UpdateRule(CONFIG, 3))
  assert choice.metadata.units == (9, 7)
  assert choice.metadata.inner_steps == 11


def test_log_folder_of_a_run(tmp_path):
  rule = save_rule(tmp_path / "run" / "rule", seed=5)
  choice = rule_choice.choose_rule(str(tmp_path / "run"))
  assert_equal_rules(choice.learned, rule)


def test_untrained_takes_the_configuration_of_the_default_preset(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(presets.catalogue, "SHIPPED", tmp_path)
  save_rule(tmp_path / "shipped_rule", seed=5)
  (tmp_path / "DEFAULT").write_text("shipped_rule")
  choice = rule_choice.choose_rule("untrained", seed=3)
  assert choice.learned is None
  assert_equal_rules(choice.untrained, UpdateRule(CONFIG, 3))
  assert choice.metadata.units == (9, 7)


def test_untrained_is_the_published_rule_if_none_is_shipped(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(presets.catalogue, "SHIPPED", tmp_path)
  choice = rule_choice.choose_rule("untrained")
  assert choice.untrained.config == RuleConfig()
  assert choice.metadata == PresetMetadata()


def test_no_name_is_the_default_preset(tmp_path, monkeypatch):
  monkeypatch.setattr(presets.catalogue, "SHIPPED", tmp_path)
  rule = save_rule(tmp_path / "shipped_rule", seed=5)
  (tmp_path / "DEFAULT").write_text("shipped_rule")
  choice = rule_choice.choose_rule(None)
  assert choice.name == "shipped_rule"
  assert_equal_rules(choice.learned, rule)


def test_unknown_rule_is_refused():
  with pytest.raises(FileNotFoundError, match="no_such_rule"):
    rule_choice.choose_rule("no_such_rule")
