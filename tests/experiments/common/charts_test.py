# SPDX-License-Identifier: Apache-2.0
"""Tests that charts show the curves that belong together, and no others."""

import re

from experiments.common.charts import (
  meta_training_charts,
  part_curves,
  suite_charts,
)
from lurl_tf.meta.metrics import PartMetrics, UnrollMetrics


def shown(chart, names):
  """The curves on a chart, as TensorBoard finds them."""
  return [
    name
    for name in names
    if any(re.match(pattern, name) for pattern in chart.curves)
  ]


def test_curves_by_data_set_and_by_bucket():
  metrics = UnrollMetrics(1.0, 0.75, 0.25, 0.5, 0.875)
  parts = [
    PartMetrics("8 relu", "mnist[train]", 1, metrics),
    PartMetrics("8 relu", "svhn (all)", 1, metrics._replace(loss=2.0)),
  ]
  curves = part_curves(parts)
  assert curves["meta_by_data_set/loss/mnist[train]"] == 1.0
  assert curves["meta_by_data_set/loss/svhn [all]"] == 2.0
  assert curves["meta_by_bucket/loss/8 relu"] == 1.5
  assert curves["meta_by_bucket/support_accuracy/8 relu"] == 0.875
  assert len(curves) == 3 * len(metrics)


def test_each_chart_of_a_run_has_its_curves():
  curves = {
    ("Meta-training", "loss"): ["meta/loss", "validation/loss"],
    ("Meta-training", "accuracy"): ["meta/accuracy", "validation/accuracy"],
    ("By data set", "loss"): [
      "meta_by_data_set/loss/mnist[train]",
      "meta_by_data_set/loss/letters/plain[train]",
    ],
    ("By data set", "accuracy"): ["meta_by_data_set/accuracy/mnist[train]"],
    ("By bucket", "loss"): ["meta_by_bucket/loss/64-32 relu, 64 inputs"],
    ("By bucket", "accuracy"): ["meta_by_bucket/accuracy/8 relu, 64 inputs"],
    ("Rule", "mixture weights"): ["mixture_weights/hebbian"],
    ("Rule", "inner learning rates"): ["inner_learning_rate/0"],
  }
  others = [
    "meta/loss_of_others",
    "meta/support_accuracy",
    "meta_by_data_set/support_accuracy/mnist[train]",
    "mixture_weights/V/hebbian",
  ]
  names = [name for own in curves.values() for name in own] + others
  charts = meta_training_charts()
  assert [(c, chart.title) for c in charts for chart in charts[c]] == [*curves]
  for category, own in charts.items():
    for chart in own:
      assert shown(chart, names) == curves[category, chart.title]


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
