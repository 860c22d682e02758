# SPDX-License-Identifier: Apache-2.0
"""Tests of which rule an identifier means."""

import pathlib

import numpy as np
import pytest

from lurl_tf import presets, rule
from lurl_tf.structures import RuleConfig

CONFIG = RuleConfig(
  hidden_channels=4, delta_channels=3, top_channels=4, mixing="pooled"
)
NAMES = {
  "hebbian": rule.Hebbian,
  "oja": rule.Oja,
  "sanger": rule.Sanger,
  "soft_winner_take_all": rule.SoftWinnerTakeAll,
  "backpropagation": rule.Backpropagation,
}


def assert_equal_rules(actual, expected):
  assert actual.config == expected.config
  for one, other in zip(
    actual.meta_parameters, expected.meta_parameters, strict=True
  ):
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_hand_designed_rules(name):
  assert type(rule.get(name)) is NAMES[name]
  assert rule.get(name) is not rule.get(name)
  assert rule.get(name).name == name


def test_rules_and_callables_are_themselves():
  for itself in (rule.Oja(), rule.UpdateRule(CONFIG), lambda w, a: w):
    assert rule.get(itself) is itself


def test_paths(tmp_path):
  stored = rule.UpdateRule(CONFIG, seed=4)
  stored.save_preset(tmp_path / "run" / "rule")
  for path in (tmp_path / "run", str(tmp_path / "run" / "rule")):
    assert_equal_rules(rule.get(path), stored)


def test_a_path_named_like_a_hand_designed_rule(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  stored = rule.UpdateRule(CONFIG, seed=4)
  stored.save_preset("oja")
  assert isinstance(rule.get("oja"), rule.Oja)
  assert_equal_rules(rule.get("./oja"), stored)
  assert_equal_rules(rule.get(pathlib.Path("oja")), stored)


def test_none_is_the_default_preset(tmp_path, monkeypatch):
  monkeypatch.setattr(presets.catalogue, "SHIPPED", tmp_path)
  with pytest.raises(LookupError, match="Expected a shipped preset"):
    rule.get(None)
  stored = rule.UpdateRule(CONFIG, seed=4)
  stored.save_preset(tmp_path / "shipped_rule")
  (tmp_path / "DEFAULT").write_text("shipped_rule")
  assert_equal_rules(rule.get(), stored)
  assert_equal_rules(rule.get("shipped_rule"), stored)


def test_unknown_names_list_all_rules():
  with pytest.raises(FileNotFoundError, match="'hebian'.*Shipped") as error:
    rule.get("hebian")
  for name in NAMES:
    assert name in str(error.value)


@pytest.mark.parametrize("identifier", [3, ["oja"], rule.Oja])
def test_what_is_no_identifier(identifier):
  with pytest.raises(ValueError, match="Received: identifier="):
    rule.get(identifier)
