# SPDX-License-Identifier: Apache-2.0
"""Tests that table, JSON and picture hold the curves' numbers."""

import io

import numpy as np
from PIL import Image

from experiments.curves.report import as_json, as_text, plot_curves
from experiments.curves.runs import (
  ACCURACY,
  LOSS,
  META_TRAINING,
  META_VALIDATION,
  Curve,
  CurveName,
  RunCurves,
  mean_over_seeds,
)

TRAINING = CurveName(META_TRAINING, LOSS)
VALIDATION = CurveName(META_VALIDATION, LOSS)
DIGITS = CurveName("digits", ACCURACY)


def make_run(name, scale, *names):
  steps = np.array([10, 20, 30])
  values = scale * np.array([0.5, 0.125, 0.25])
  curves = {n: Curve(steps, values) for n in names}
  return RunCurves(name, (), "x", ord(name), curves)


def make_runs():
  """Two runs, one of which was scored on test data, and their mean."""
  runs = [
    make_run("a", 1.0, TRAINING, VALIDATION, DIGITS),
    make_run("b", 2.0, TRAINING, VALIDATION),
  ]
  return runs + mean_over_seeds(runs)


def test_panels_hold_a_line_per_run(figures, tmp_path):
  path = tmp_path / "plot.png"
  plot_curves(str(path), make_runs(), smoothing=0.5)
  Image.open(io.BytesIO(path.read_bytes())).verify()
  (figure,) = figures
  panels = np.reshape(figure.axes, [2, 3])
  titles = [[axes.get_title() for axes in row] for row in panels]
  assert titles == [
    [META_TRAINING, META_VALIDATION, ""],
    ["", "", "digits"],
  ]
  values = np.array([0.5, 0.125, 0.25])
  thin_a, thin_b, mean = panels[0, 1].lines
  np.testing.assert_array_equal(thin_a.get_ydata(), values)
  np.testing.assert_array_equal(thin_b.get_ydata(), 2 * values)
  np.testing.assert_array_equal(mean.get_ydata(), 1.5 * values)
  assert thin_a.get_color() == thin_b.get_color() == mean.get_color()
  assert thin_a.get_linewidth() < mean.get_linewidth()
  smoothed = [0.5, (0.25 + 0.125) / 1.5, (0.125 + 0.0625 + 0.25) / 1.75]
  np.testing.assert_allclose(panels[0, 0].lines[0].get_ydata(), smoothed)
  raw, shown = panels[0, 0].lines[2:]
  np.testing.assert_array_equal(raw.get_ydata(), 1.5 * values)
  np.testing.assert_allclose(shown.get_ydata(), 1.5 * np.array(smoothed))
  np.testing.assert_array_equal(panels[1, 2].lines[0].get_ydata(), 100 * values)
  (legend,) = figure.legends
  assert [text.get_text() for text in legend.get_texts()] == ["mean of a, b"]


def test_runs_without_a_mean_have_colours_of_their_own(figures, tmp_path):
  plot_curves(str(tmp_path / "plot.png"), make_runs()[:2], smoothing=0.0)
  first, second = figures[0].axes[1].lines
  assert first.get_color() != second.get_color()
  (legend,) = figures[0].legends
  assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_table():
  text = as_text(make_runs(), smoothing=0.0)
  cells = [line.split() for line in text.splitlines()]
  assert ["a", "meta-validation", "loss", "3", "30"] + [
    "0.5000",
    "0.2500",
    "0.1250",
    "20",
  ] in cells
  assert ["a", "digits", "accuracy", "3", "30"] + [
    "50.0",
    "25.0",
    "50.0",
    "10",
  ] in cells
  assert text.count("was not scored on test data") == 1
  assert "b was not scored on test data" in text
  assert "held-out tasks" not in text
  alone = as_text([make_run("c", 1.0, TRAINING)], smoothing=0.0)
  assert "c was not scored on held-out tasks" in alone


def test_curves_without_a_finite_number():
  nothing = Curve(np.array([1]), np.array([np.nan]))
  run = RunCurves("a", (), "x", 0, {TRAINING: nothing})
  (line,) = (
    line
    for line in as_text([run], 0.9).splitlines()
    if "meta-training  " in line
  )
  assert line.split()[-4:] == ["nan", "nan", "-", "-"]


def test_json_holds_every_point():
  value = as_json(make_runs(), smoothing=0.5)
  assert value["smoothing"] == 0.5
  assert [run["name"] for run in value["runs"]] == ["a", "b", "mean of a, b"]
  assert value["runs"][2]["members"] == ("a", "b")
  curve = value["runs"][1]["curves"][0]
  assert (curve["data"], curve["quantity"]) == (META_TRAINING, LOSS)
  assert (curve["steps"], curve["values"]) == ([10, 20, 30], [1.0, 0.25, 0.5])
  np.testing.assert_allclose(curve["shown"], [1, 0.5, 0.5])
