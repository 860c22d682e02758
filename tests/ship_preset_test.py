# SPDX-License-Identifier: Apache-2.0
"""Tests of the tool that ships presets, and of the shipped rule."""

import numpy as np
import pytest

import lurl_tf
from lurl_tf.evaluation import EvaluationConfig, compare
from lurl_tf.presets import PresetMetadata, catalogue
from tests.experiments.curves.runs_test import make_run
from tests.tiny_models import tiny_rule
from tools import ship_preset


@pytest.fixture(name="shipped")
def fixture_shipped(tmp_path, monkeypatch):
  """A folder in place of the package's presets."""
  folder = tmp_path / "shipped"
  folder.mkdir()
  for module in (catalogue, ship_preset):
    monkeypatch.setattr(module, "SHIPPED", folder)
  return folder


@pytest.mark.usefixtures("shipped")
def test_a_run_becomes_the_default_preset(tmp_path):
  rule = tiny_rule()
  metadata = PresetMetadata(units=(4,), inner_steps=2, command="made by hand")
  rule.save_preset(tmp_path / "run" / "rule", metadata)
  ship_preset.ship(
    str(tmp_path / "run"), "tiny", "A tiny rule.", "lurl_digits", True
  )
  assert lurl_tf.presets.available() == ("tiny",)
  assert lurl_tf.presets.default() == "tiny"
  shipped = lurl_tf.UpdateRule.from_preset("tiny")
  for one, other in zip(shipped.meta_parameters, rule.meta_parameters):
    np.testing.assert_array_equal(one.numpy(), other.numpy())
  assert shipped.metadata.command == "made by hand"
  assert shipped.metadata.evaluation.startswith("A tiny rule.")
  assert "learned_rule" in shipped.metadata.evaluation


def test_curves_of_a_run_end_at_the_rule(tmp_path, shipped):
  losses = np.random.default_rng(0).uniform(size=130).round(3)
  run = make_run(tmp_path / "run", losses.tolist())
  metadata = PresetMetadata(units=(4,), inner_steps=2, outer_steps=101)
  tiny_rule().save_preset(tmp_path / "run" / "best_rule", metadata)
  ship_preset.ship(run, "tiny", "A tiny rule.", "lurl_digits", False, best=True)
  curve = lurl_tf.presets.load(shipped / "tiny").metadata.curve
  # Blocks of three, as 101 steps are more than 50 points; the last is short.
  assert [each.step for each in curve] == [*range(3, 101, 3), 101]
  means = [
    losses[start : min(start + 3, 101)].mean() for start in range(0, 101, 3)
  ]
  np.testing.assert_allclose([each.loss for each in curve], means, atol=1e-4)


def test_the_shipped_rule_does_what_its_table_says():
  rule = lurl_tf.UpdateRule.from_preset(lurl_tf.presets.default())
  metadata = rule.metadata
  config = EvaluationConfig(
    units=metadata.units,
    batch_size=metadata.batch_size,
    inner_steps=(metadata.inner_steps,),
    learning_rates=metadata.inner_learning_rates,
    horizon=metadata.inner_steps,
  )
  methods = {"random_init": "random_init", "learned_rule": rule}
  result = compare(methods, "lurl_digits", config)
  scored = result.score("learned_rule", "ridge_loo", metadata.inner_steps)
  random = result.score("random_init", "ridge_loo", 0)
  line = next(
    line
    for line in metadata.evaluation.splitlines()
    if line.startswith("learned_rule")
  )
  in_table = float(line.split()[5])  # ridge, "+-", its error, ridge_loo
  # Rounding differs between machines.
  assert abs(100 * scored.mean - in_table) < 1.5
  assert scored.mean > random.mean + 0.05
