# SPDX-License-Identifier: Apache-2.0
"""Tests of the table of a run."""

from experiments.training.report import report_run
from lurl_tf.meta import MetaMetrics, Summary
from lurl_tf.meta.validation import ValidationScore


def test_report():
  first = MetaMetrics(1.5, 1.4, 0.1, 0.25, 0.5, 0.75, 1.0, 0.01, 0.0, 0.0)
  last = first._replace(loss=0.5, accuracy=0.875)
  text = report_run(Summary(True, 300, 75.0, first, last, (0.03, 0.001)))
  lines = text.splitlines()
  assert lines[0].split() == "mean of first 20 steps last 20 steps".split()
  assert lines[2].split() == ["loss", "1.5000", "0.5000"]
  assert "accuracy 0.2500 0.8750" in " ".join(text.split())
  assert lines[-1].startswith("300 outer steps in 1 min 15 s")
  assert lines[-1].endswith("inner learning rates: 0.03, 0.001")


def test_report_of_a_run_that_was_done():
  text = report_run(Summary(True, 300, 75.0, None, None, (0.03,)))
  assert text == "The run was done before: 300 outer steps."


def test_report_of_validations():
  metrics = MetaMetrics(1.5, 1.4, 0.1, 0.25, 0.5, 0.75, 1.0, 0.01, 0.0, 0.0)
  validations = (
    (2, ValidationScore(0.5, 0.5)),
    (3, ValidationScore(0.625, 0.25)),
  )
  text = report_run(
    Summary(True, 3, 75.0, metrics, metrics, (0.03,), validations=validations)
  )
  assert text.splitlines()[-1].split() == ["3", "0.6250", "25.0"]
