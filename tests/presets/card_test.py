# SPDX-License-Identifier: Apache-2.0
"""Tests of the model card."""

from lurl_tf.presets.card import card_text
from lurl_tf.presets.metadata import PresetMetadata, Score
from lurl_tf.structures import RuleConfig


def test_a_card_holds_what_was_recorded():
  metadata = PresetMetadata(
    tasks="quick",
    outer_steps=1200,
    wall_time_seconds=900.0,
    validation=Score(1200, 0.5, 0.661),
    curve=tuple(Score(step, step / 1000, 0.5) for step in range(20, 1000, 20)),
    good_for="small images",
    not_for="texts",
    note="A remake.",
    evaluation="A table.",
  )
  lines = card_text(RuleConfig(mixing="pooled"), metadata).splitlines()
  assert "Rule             pooled mixing, 64 hidden channels" in lines
  assert "Tasks            quick" in lines
  assert "Outer steps      1,200" in lines
  assert "Wall time        0.25 hours" in lines
  assert "Validation       loss 0.500, accuracy 66.1 %, at step 1,200" in lines
  assert "Good for: small images" in lines
  assert "Not for: texts" in lines
  assert "Note: A remake." in lines
  assert lines[-1] == "A table."
  # Eight points at most, of which one is the last.
  start = lines.index("Meta-training tasks") + 2
  rows = [line.split() for line in lines[start : lines.index("A table.") - 1]]
  assert 4 <= len(rows) <= 8
  assert rows[-1] == ["980", "0.9800", "50.0"]


def test_a_card_leaves_out_what_was_not_recorded():
  text = card_text(RuleConfig(), PresetMetadata())
  for word in ("Good for", "Wall time", "Validation", "Seed", "None"):
    assert word not in text
