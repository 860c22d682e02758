# SPDX-License-Identifier: Apache-2.0
"""Tests of a run's curves, charts and hyperparameters in TensorBoard."""

import json
import re

from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.plugins.hparams import metadata

from lurl_tf.meta.metrics import PartMetrics, UnrollMetrics
from lurl_tf.meta.runs.curves import (
  meta_training_charts,
  part_curves,
  write_hyper_parameters,
)
from lurl_tf.summaries import SummaryWriter
from tests import tiny_meta


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


def hyper_parameters_in(folder):
  events = EventAccumulator(str(folder))
  events.Reload()
  content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG)
  session = metadata.parse_session_start_info_plugin_data(
    content.plugin_data.content
  )
  return session.group_name, {
    name: getattr(value, value.WhichOneof("kind"))
    for name, value in session.hparams.items()
  }


def test_hyper_parameters_are_the_fields_of_the_run(tmp_path):
  config = tiny_meta.make_config(slots=3, learning_rate=0.25)
  writer = SummaryWriter(tmp_path)
  write_hyper_parameters(writer, config, "my_tasks", "runs/mine/")
  writer.flush()
  trial, found = hyper_parameters_in(tmp_path)
  assert trial == "mine in runs"
  assert found["slots"] == 3
  assert found["learning_rate"] == 0.25
  assert found["tasks"] == "my_tasks"
  assert found["rule.mixing"] == config.rule.mixing
  assert json.loads(found["inner_learning_rates"]) == list(
    config.inner_learning_rates
  )
  assert found["learn_inner_rates"] is False
