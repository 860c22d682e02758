# SPDX-License-Identifier: Apache-2.0
"""Tests that the picture holds the numbers that were measured."""

import io

import numpy as np
from PIL import Image

from experiments.mismatch.plot import plot_mismatch
from experiments.mismatch.report import Mismatch
from tests.experiments.mismatch import report_test


def test_panels_hold_what_was_measured(figures, tmp_path):
  mismatch, path = report_test.make_mismatch(), tmp_path / "plot.png"
  plot_mismatch(str(path), mismatch)
  Image.open(io.BytesIO(path.read_bytes())).verify()
  (figure,) = figures
  training, ridge_loo, nearest_mean, losses = figure.axes
  *lines, random_init = training.lines
  assert [line.get_label() for line in lines] == list(report_test.READOUTS)
  accuracy = lines[1]
  np.testing.assert_array_equal(accuracy.get_xdata(), np.arange(1, 7))
  expected = [
    100 * epoch.scores[1].accuracies.mean() for epoch in mismatch.epochs
  ]
  np.testing.assert_allclose(accuracy.get_ydata(), expected)
  assert random_init.get_ydata()[0] == 50
  np.testing.assert_allclose(
    losses.lines[0].get_ydata(),
    [epoch.losses.mean() for epoch in mismatch.epochs],
  )
  for axes in (ridge_loo, nearest_mean):
    own, permuted = (line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.asarray(own.get_ydata(), float), [50, 75])
    np.testing.assert_allclose(
      np.asarray(permuted.get_ydata(), float), [50, 25]
    )


def test_what_is_not_there_has_no_panel(figures, tmp_path):
  whole = report_test.make_mismatch()
  plot_mismatch(
    str(tmp_path / "a.png"), Mismatch("a", "b", whole.config, whole.epochs)
  )
  whole.epochs.clear()
  plot_mismatch(str(tmp_path / "b.png"), whole)
  whole.methods.pop()
  plot_mismatch(str(tmp_path / "c.png"), whole)
  assert [len(figure.axes) for figure in figures] == [2, 2, 1]
