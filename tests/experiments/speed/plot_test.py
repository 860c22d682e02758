# SPDX-License-Identifier: Apache-2.0
"""Tests that growth curves have their numbers, and axes that can be read."""

import io

import numpy as np
from PIL import Image

from experiments.speed.plot import Growth, plot_sweep


def test_a_panel_for_every_curve(figures, tmp_path):
  path = tmp_path / "plot.png"
  curves = [
    Growth("seconds", [0.11, 0.13, 0.18, 0.31], 0.5),
    Growth("MB", [2040.0, 2081.0, 2197.0, 2310.0], 0.06),
  ]
  values = [32, 64, 128, 256]
  plot_sweep(str(path), "width", values, curves)
  Image.open(io.BytesIO(path.read_bytes())).verify()
  (figure,) = figures
  for axes, curve in zip(figure.axes, curves, strict=True):
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), values)
    np.testing.assert_array_equal(line.get_ydata(), curve.numbers)
    assert axes.get_title() == f"power {curve.power:.2f}"
    assert [each.get_text() for each in axes.get_xticklabels()] == [
      "32",
      "64",
      "128",
      "256",
    ]
    assert axes.get_xticklabels(minor=True) == []
    # No power of ten lies within these, so that minor ticks tell the size.
    low, high = axes.get_ylim()
    labels = {
      float(label.get_text())
      for label in axes.get_yticklabels(minor=True)
      if low <= float(label.get_text()) <= high
    }
    assert len(labels) >= 2
