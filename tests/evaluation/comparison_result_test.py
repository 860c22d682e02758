# SPDX-License-Identifier: Apache-2.0
"""Tests of the table of a comparison, from made-up scores."""

import dataclasses

import numpy as np
import pytest

from lurl_tf.evaluation import ComparisonResult, EvaluationConfig, Score

ACCURACIES = np.array([[0.5, 0.5], [0.6, 0.6]])


def make_result():
  def score(method, per_class, readout, accuracies, inner_steps=0):
    return Score(
      method,
      per_class,
      "last",
      readout,
      accuracies,
      3,
      1.0,
      inner_steps=inner_steps,
    )

  return ComparisonResult(
    EvaluationConfig(),
    (
      score("random_init", 1, "ridge", ACCURACIES),
      score("random_init", 10, "ridge", ACCURACIES + 0.1),
      score("random_init", 10, "ridge_loo", ACCURACIES + 0.2),
      score("rule", 10, "ridge", ACCURACIES, 5),
      score("rule", 10, "ridge", ACCURACIES + 0.3, 50),
      score("supervised", 10, "own", ACCURACIES + 0.4),
    ),
  )


def test_a_table_per_number_of_labels():
  assert make_result().table().splitlines() == [
    "Accuracy in % +- standard error, 1 labelled examples per class",
    "method       inner steps        ridge",
    "-----------  -----------  -----------",
    "random_init            0  55.0 +- 5.0",
    "",
    "Accuracy in % +- standard error, 10 labelled examples per class",
    "method       inner steps        ridge    ridge_loo          own",
    "-----------  -----------  -----------  -----------  -----------",
    "random_init            0  65.0 +- 5.0  75.0 +- 5.0",
    "rule                   5  55.0 +- 5.0",
    "rule                  50  85.0 +- 5.0",
    "supervised             0                            95.0 +- 5.0",
  ]


def test_a_score_is_found():
  result = make_result()
  assert result.score("random_init").mean == pytest.approx(0.75)
  assert result.score("rule", "ridge").inner_steps == 50
  assert result.score("rule", "ridge", 5).mean == pytest.approx(0.55)
  one = result.score("random_init", "ridge", examples_per_class=1)
  assert one.mean == pytest.approx(0.55)
  with pytest.raises(LookupError, match="rule, supervised.*method='role'"):
    result.score("role")


def test_a_result_is_frozen():
  with pytest.raises(dataclasses.FrozenInstanceError):
    make_result().scores = ()
