# SPDX-License-Identifier: Apache-2.0
"""Tests of an evaluation's JSON and tables, from scores made up here."""

import json

import numpy as np
import pytest

from experiments.evaluation import report as evaluation_report
from lurl_tf.evaluation import ComparisonResult, EvaluationConfig, Score
from lurl_tf.readouts import READOUTS

CONFIG = EvaluationConfig(
  units=(8, 4), inner_steps=(10, 20), initial_weights=3, label_draws=2
)


def make_result(gain=0.1, learned=True, num_diverged=0):
  """Random init about 0.5, the learned rule better by `gain` at 20 steps."""
  random_init = 0.5 + 0.01 * np.arange(18).reshape(3, 3, 2)
  scores = {
    ("raw_inputs", 0): np.full([3, 1, 2], 0.75),
    ("random_init", 0): random_init,
    ("untrained_rule", 10): random_init,
    ("untrained_rule", 20): random_init - 0.05,
  }
  if learned:
    scores["learned_rule", 10] = random_init
    scores["learned_rule", 20] = random_init + gain
  return ComparisonResult(
    CONFIG,
    tuple(
      Score(
        method,
        10,
        "last",
        readout,
        own,
        4,
        1.0,
        num_diverged * ((method, steps) == ("learned_rule", 20)),
        inner_steps=steps,
      )
      for (method, steps), accuracies in scores.items()
      for readout, own in zip(READOUTS, accuracies)
    ),
  )


def test_json_has_the_promised_fields():
  value = evaluation_report.as_json(make_result(), "mnist", "my_rule")
  json.dumps(value, allow_nan=False)
  assert list(value) == [
    "dataset",
    "rule",
    "examples_per_class",
    "episodes",
    "rows",
  ]
  assert value["dataset"] == "mnist"
  assert value["rule"] == "my_rule"
  assert value["examples_per_class"] == 10
  assert value["episodes"] == 6
  fields = [
    "method",
    "inner_steps",
    "readout",
    "accuracy_mean",
    "accuracy_stderr",
    "difference_to_random_init",
    "interval",
    "per_episode",
  ]
  extra = ["difference_to_untrained_rule", "interval_to_untrained_rule"]
  for row in value["rows"]:
    is_learned = row["method"] == "learned_rule"
    assert list(row) == fields + (extra if is_learned else [])
    assert len(row["per_episode"]) == 6
    assert np.mean(row["per_episode"]) == pytest.approx(row["accuracy_mean"])


def test_json_rows_are_ordered_and_hold_the_numbers():
  rows = evaluation_report.as_json(make_result(), "mnist", "r")["rows"]
  assert [(row["method"], row["inner_steps"]) for row in rows] == (
    [("raw_inputs", 0)] * 3
    + [("random_init", 0)] * 3
    + [("untrained_rule", 10), ("untrained_rule", 20)] * 3
    + [("learned_rule", 10), ("learned_rule", 20)] * 3
  )
  assert rows[0]["per_episode"] == [0.75] * 6
  # The draws of the first initial weights come first.
  np.testing.assert_allclose(
    rows[3]["per_episode"], [0.5, 0.51, 0.52, 0.53, 0.54, 0.55]
  )
  last = rows[-1]
  assert last["difference_to_random_init"] == pytest.approx(0.1)
  assert last["interval"] == pytest.approx((0.1, 0.1))
  assert last["difference_to_untrained_rule"] == pytest.approx(0.15)


def test_text_shows_accuracies_and_both_differences():
  text = evaluation_report.as_text(make_result(), "mnist", "my_rule")
  assert "Rule my_rule on mnist: 6 episodes (3 initial weights x 2" in text
  # Means of 3 x 2 numbers 0.01 apart, in rows 0.02 apart.
  assert "52.5 +- 1.2" in text
  assert "+10.0 [+10.0, +10.0]" in text
  assert "+15.0 [+15.0, +15.0]" in text
  assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize("gain,verdict", [(0.1, "yes"), (-0.1, "no")])
def test_verdict_follows_the_interval(gain, verdict):
  text = evaluation_report.as_text(make_result(gain), "mnist", "my_rule")
  points = f"{100 * gain:+.1f}"
  assert (
    f"learned rule beats random init: {verdict} (ridge_loo, 20 inner steps: "
    f"{points} points [{points}, {points}])"
  ) in text
  verdict = "yes" if gain > -0.05 else "no"
  assert f"learned rule beats untrained rule: {verdict} (" in text


def test_no_difference_is_no_victory():
  text = evaluation_report.as_text(make_result(gain=0.0), "mnist", "r")
  assert "learned rule beats random init: no (" in text


def test_development_data_are_called_so():
  text = evaluation_report.as_text(make_result(), "lurl_digits", "r")
  assert "lurl_digits is development data" in text
  text = evaluation_report.as_text(make_result(), "lurl_digits:1.0.0", "r")
  assert "lurl_digits is development data" in text
  text = evaluation_report.as_text(make_result(), "mnist", "r")
  assert "development" not in text


def test_without_a_learned_rule_there_is_no_verdict():
  text = evaluation_report.as_text(make_result(learned=False), "mnist", "r")
  assert "beats" not in text
  assert "Difference to untrained_rule" not in text


def test_diverged_features_are_told():
  text = evaluation_report.as_text(make_result(num_diverged=4), "mnist", "r")
  assert (
    "Warning: features of learned_rule after 20 inner steps were not finite "
    "in 4 of 6 episodes"
  ) in text
