# SPDX-License-Identifier: Apache-2.0
"""Tests that TensorBoard is shown the rule as it stands."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
  EventAccumulator,
)
from tensorboard.plugins.hparams import metadata

from experiments.evaluation import confusion_matrix
from experiments.evaluation.confusion_matrix import confusion_picture
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.receptive_fields import receptive_field_grid
from experiments.training import rule_summaries
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.structures import LayerWeights
from lurl_tf.summaries import SummaryWriter
from tests import tiny_meta
from tests.event_files import read_arrays, read_curves, read_pictures


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
  rule_summaries.write_hyper_parameters(
    writer, config, "my_tasks", "runs/mine/"
  )
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


def test_parameters_are_shown_by_name(tmp_path):
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config())
  writer = SummaryWriter(tmp_path)
  rule_summaries.write_parameters(writer, 7, rule, (0.3, 0.1))
  writer.flush()
  histograms = read_arrays(tmp_path, "histograms")
  assert set(histograms) == {f"theta/{n}" for n in rule.meta_parameter_names}
  for name, variable in zip(rule.meta_parameter_names, rule.meta_parameters):
    ((step, buckets),) = histograms[f"theta/{name}"]
    assert step == 7
    assert buckets[:, 2].sum() == variable.numpy().size
  curves = read_curves(tmp_path)
  for name, weight in mixture_weights(rule).items():
    assert curves.pop(f"mixture_weights/{name}") == [(7, pytest.approx(weight))]
  assert curves == {
    "inner_learning_rate/0": [(7, pytest.approx(0.3))],
    "inner_learning_rate/1": [(7, pytest.approx(0.1))],
  }


def record_calls(monkeypatch, room, name):
  """Arguments and results of the calls of a function of a module."""
  calls, function = [], getattr(room, name)

  def record(*args):
    calls.append((args, function(*args)))
    return calls[-1][1]

  monkeypatch.setattr(room, name, record)
  return calls


def test_an_inner_training_is_shown(tmp_path, monkeypatch):
  config = tiny_meta.make_config(units=(6,))
  examples = tiny_meta.make_examples()
  rule = tiny_meta.make_rule(config.rule)
  taken = record_calls(monkeypatch, rule_summaries, "take_snapshots")
  confusions = record_calls(monkeypatch, confusion_matrix, "few_shot_confusion")
  writer = SummaryWriter(tmp_path)
  view = rule_summaries.InnerTrainingView(examples, config)
  with tiny_meta.eagerly():
    view.write(writer, 5, rule, (0.4, 0.2))
  writer.flush()
  (((_, own_examples, evaluation), snapshots),) = taken
  assert own_examples is examples
  assert evaluation == EvaluationConfig(
    units=(6,),
    batch_size=tiny_meta.BATCH,
    inner_steps=(0, 1, 8, 9),
    learning_rates=(0.4, 0.2),
    horizon=9,
    initial_weights=1,
  )
  curves = read_curves(tmp_path)
  for name, first in (("first_step", 0), ("last_step", 2)):
    old, new = (
      snapshots[first + each].weights[0].kernel.numpy() for each in (0, 1)
    )
    size = np.linalg.norm(new - old) / np.linalg.norm(old)
    assert size > 0
    assert curves.pop(f"inner_update_{name}/layer_0") == [
      (5, pytest.approx(size, rel=1e-5))
    ]
  assert not curves
  kernel = snapshots[-1].weights[0].kernel.numpy()
  grid = receptive_field_grid(kernel, examples.image_shape)
  shown = read_pictures(tmp_path)["receptive_fields"]
  np.testing.assert_array_equal(np.atleast_3d(shown)[::4, ::4], grid)
  # What the read-out makes of the examples that it was not fitted on.
  ((support, query, features_of), matrix), *_ = confusions
  assert matrix.sum() == len(query.labels)
  assert len(support.labels) == 3 * len(examples.class_names)
  rows = {tuple(row) for row in examples.inputs}
  assert rows == {tuple(row) for row in (*support.inputs, *query.inputs)}
  np.testing.assert_array_equal(
    features_of(examples.inputs),
    snapshots[-1].features(examples.inputs, "relu"),
  )
  np.testing.assert_array_equal(
    read_pictures(tmp_path)["few_shot_confusion"],
    confusion_picture(matrix, examples.class_names),
  )
  points = np.loadtxt(tmp_path / "features.tsv", delimiter="\t")
  labels = (tmp_path / "features_labels.tsv").read_text().split()
  assert points.shape == (len(examples.labels), 6)
  # The points of a class stand by its name: each label's count, and its mean.
  features = snapshots[-1].features(examples.inputs, "relu")
  for label, name in enumerate(examples.class_names):
    np.testing.assert_allclose(
      points[np.array(labels) == name].mean(axis=0),
      features[examples.labels == label].mean(axis=0),
      rtol=1e-3,
      atol=1e-4,
    )


def test_updates_are_relative():
  def layer(kernel):
    kernel = tf.constant(kernel)
    return LayerWeights(kernel, kernel[0], kernel)

  before = [layer([[3.0, 4.0]]), layer([[0.0, 0.0]])]
  after = [layer([[3.0, 5.0]]), layer([[0.0, 0.0]])]
  assert rule_summaries.relative_updates(before, after) == [
    pytest.approx(0.2),
    0.0,
  ]
