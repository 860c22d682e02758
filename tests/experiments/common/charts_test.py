# SPDX-License-Identifier: Apache-2.0
"""Tests that charts of an evaluation show the curves that belong together."""

from experiments.common.charts import suite_charts
from tests.meta.runs.curves_test import shown


def test_a_data_set_has_a_chart_per_readout():
  charts = suite_charts(["folder:/a.b+c", "mnist"])
  (first, *others) = charts["Accuracy on folder:/a.b+c"]
  names = [
    "folder:/a.b+c/ridge_loo",
    "folder:/a.b+c/ridge_loo_of_others",
    "folder:/a.b+c/ridge",
    "folder:/aab+c/ridge_loo",
    "mnist/ridge_loo",
    "fashion_mnist/ridge_loo",
  ]
  assert first.title == "ridge_loo"
  assert shown(first, names) == names[:1]
  (ridge,) = [chart for chart in others if chart.title == "ridge"]
  assert shown(ridge, names) == [names[2]]
  (odd, *_) = suite_charts(["b (1)"])["Accuracy on b (1)"]
  assert shown(odd, ["b [1]/ridge_loo", "b (1)/ridge_loo"]) == [
    "b [1]/ridge_loo"
  ]
  (mnist, *_) = charts["Accuracy on mnist"]
  assert shown(mnist, names) == ["mnist/ridge_loo"]
