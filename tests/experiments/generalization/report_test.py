# SPDX-License-Identifier: Apache-2.0
"""Tests of rows, table and JSON on accuracies that are made up."""

import dataclasses
import json

import numpy as np
import pytest

from experiments.common.results import write_results
from experiments.generalization import report as generalization_report
from experiments.generalization.sweeps import TRAINED, Setting
from lurl_tf.evaluation import (
  RANDOM_INIT,
  ComparisonResult,
  EvaluationConfig,
  Score,
)
from lurl_tf.evaluation.statistics import paired_difference
from lurl_tf.readouts import READOUTS

CONFIG = EvaluationConfig(
  inner_steps=(10, 30), horizon=10, initial_weights=2, label_draws=2, seed=3
)
SETTING = Setting(TRAINED, TRAINED, CONFIG, "pictures", 8, True)
RANDOM = np.array([[0.50, 0.52], [0.51, 0.55]])
GAINS = {
  10: np.array([[0.10, 0.11], [0.12, 0.11]]),
  30: np.array([[0.05, 0.06], [0.05, 0.06]]),
}


def make_result(random=RANDOM, gains=GAINS, num_diverged=0, config=CONFIG):
  scores = [
    Score(RANDOM_INIT, 10, "last", readout, random, 4, 1.0)
    for readout in READOUTS
  ]
  for steps, gain in gains.items():
    scores += [
      Score(
        "rule",
        10,
        "last",
        readout,
        random + gain,
        4,
        1.0,
        num_diverged,
        inner_steps=steps,
      )
      for readout in READOUTS
    ]
  return ComparisonResult(config, tuple(scores))


TRAINED_RESULT = make_result()


def make_rows(setting, result=TRAINED_RESULT, trained=TRAINED_RESULT):
  rows = generalization_report.make_rows(
    "my_rule", "rule", setting, result, trained
  )
  return [row for row in rows if row.learned.readout == "ridge_loo"]


def other_rows(sweep="width", value=16, **options):
  config = dataclasses.replace(CONFIG, inner_steps=(10,))
  random, gains = RANDOM[::-1] - 0.1, {10: GAINS[30]}
  result = make_result(random, gains, config=config, **options)
  setting = SETTING._replace(
    sweep=sweep, value=value, config=config, is_trained=False
  )
  return make_rows(setting, result)


def test_the_trained_setting_keeps_all():
  (row,) = make_rows(SETTING)
  assert row.kept == 1
  assert row.to_trained is None
  assert row.gain.difference == pytest.approx(0.11)


def test_the_gain_is_compared_not_the_accuracy():
  (row,) = other_rows()
  assert row.gain.difference == pytest.approx(0.055)
  assert row.kept == pytest.approx(0.5)
  expected = paired_difference(GAINS[30], GAINS[10], seed=3)
  assert row.to_trained.difference == pytest.approx(-0.055)
  assert row.to_trained.interval == pytest.approx(expected.interval)
  # Random init lost 0.1, and its two sets of weights changed places.
  assert row.accuracy_to_trained.difference == pytest.approx(-0.155)


def test_a_gain_that_may_be_none_has_no_shares():
  poor = make_result(
    gains={10: np.array([[0.1, -0.1], [-0.1, 0.1]]), 30: GAINS[30]}
  )
  (row,) = make_rows(SETTING, poor, poor)
  assert row.kept is None


def test_steps_are_rows_of_one_evaluation():
  first, longer = make_rows(SETTING._replace(sweep="steps", value=10))
  assert (first.value, longer.value) == (10, 30)
  assert (first.kept, longer.kept) == (1, pytest.approx(0.5))
  assert longer.to_trained.difference == pytest.approx(-0.055)


def test_other_data_are_not_compared():
  text = SETTING._replace(
    sweep="text", value="texts", dataset="texts", is_trained=False
  )
  rows = make_rows(text)
  assert [row.value for row in rows] == [10, 30]
  assert {(row.kept, row.to_trained) for row in rows} == {(None, None)}


def test_table_and_sentences():
  rows = [
    *make_rows(SETTING),
    *make_rows(SETTING._replace(sweep="steps", value=10)),
    *other_rows("permutation", "unpermuted", num_diverged=4),
  ]
  text = generalization_report.as_text(rows)
  lines = [line.split() for line in text.splitlines()]
  start = [line[:2] for line in lines].index(["rule", "sweep"]) + 2
  cells = [(*line[1:3], line[-1]) for line in lines[start : start + 4]]
  assert cells == [
    ("trained", "trained*", "100"),
    ("steps", "10*", "100"),
    ("steps", "30", "50"),
    ("permutation", "unpermuted", "50"),
  ]
  assert "on permuted inputs: -15.5 [" in text
  assert "permutation unpermuted: features were not finite in 4 of 4" in text


def test_json_holds_all_readouts_and_draws(tmp_path):
  setting = SETTING._replace(sweep="steps", value=10)
  rows = generalization_report.make_rows(
    "my_rule", "rule", setting, TRAINED_RESULT, TRAINED_RESULT
  )
  path = tmp_path / "rows.json"
  write_results(str(path), generalization_report.as_json(rows))
  value = json.loads(path.read_text())
  assert [(each["inner_steps"], each["readout"]) for each in value] == [
    (steps, readout)
    for steps in (10, 30)
    for readout in ("ridge", "ridge_loo", "logistic_regression")
  ]
  assert [each["is_trained_setting"] for each in value] == [True] * 3 + [
    False
  ] * 3
  last = value[-1]
  np.testing.assert_allclose(last["per_episode"], RANDOM + GAINS[30])
  np.testing.assert_allclose(last["random_init_per_episode"], RANDOM)
  assert last["gain"] == pytest.approx(0.055)
