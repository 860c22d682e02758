# SPDX-License-Identifier: Apache-2.0
"""Tests that the picture has a panel per sweep, with the rows' numbers."""

import io

import numpy as np
from PIL import Image

from experiments.generalization.plot import plot_generalization
from tests.experiments.generalization import report_test


def test_panels_hold_means_and_intervals(figures, tmp_path):
  setting = report_test.SETTING
  rows = [
    *report_test.make_rows(setting),
    *report_test.make_rows(setting._replace(sweep="steps", value=10)),
    *report_test.make_rows(setting._replace(sweep="activation", value="relu")),
    *report_test.other_rows("activation", "step"),
  ]
  path = tmp_path / "plot.png"
  plot_generalization(str(path), rows)
  Image.open(io.BytesIO(path.read_bytes())).verify()
  (figure,) = figures
  steps, activation = figure.axes
  mean = 100 * report_test.RANDOM.mean()
  learned, *_, random = steps.lines
  np.testing.assert_array_equal(learned.get_xdata(), [10, 30])
  heights = np.asarray(learned.get_ydata(), float)
  np.testing.assert_allclose(heights, [mean + 11, mean + 5.5])
  np.testing.assert_allclose(random.get_ydata(), [mean, mean])
  low, high = steps.collections[0].get_segments()[0][:, 1]
  interval = rows[1].gain.interval
  np.testing.assert_allclose([low, high], mean + 100 * np.array(interval))
  assert [text.get_text() for text in activation.get_xticklabels()] == [
    "relu",
    "step",
  ]
  np.testing.assert_allclose(
    activation.lines[-1].get_ydata(), [mean, mean - 10]
  )


def test_one_row_makes_a_picture(figures, tmp_path):
  path = tmp_path / "plot.png"
  plot_generalization(str(path), report_test.make_rows(report_test.SETTING))
  assert [axes.get_xlabel() for axes in figures[0].axes] == ["trained"]
