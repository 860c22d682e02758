# SPDX-License-Identifier: Apache-2.0
"""Tests of the summaries of a rule for TensorBoard."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.evaluation import confusion_matrix
from experiments.evaluation.confusion_matrix import confusion_picture
from experiments.inspection.mixture_weights import mixture_weights
from experiments.inspection.receptive_fields import receptive_field_grid
from experiments.training import rule_summaries
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.meta.runs.session import continue_run, prepare_run
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LayerWeights
from lurl_tf.summaries import SummaryWriter
from tests import tiny_meta
from tests.event_files import read_arrays, read_curves, read_pictures


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


def record_calls(monkeypatch, module, name):
  """Arguments and results of the calls of a function of a module."""
  calls, function = [], getattr(module, name)

  def record(*args):
    calls.append((args, function(*args)))
    return calls[-1][1]

  monkeypatch.setattr(module, name, record)
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


def train(logdir, steps, checkpoint_every, show_inner_training):
  """A tiny run with summaries of its rule."""
  config = tiny_meta.make_config(
    units=(6,), slots=2, unroll={"max_steps": 2}, min_truncation=1
  )
  callbacks = [rule_summaries.RuleSummaries(show_inner_training)]
  with tiny_meta.eagerly(), tiny_meta.tiny_data():
    run = prepare_run(config, str(logdir), callbacks=callbacks)
    continue_run(run, steps, checkpoint_every)


def test_the_rule_is_shown_at_every_checkpoint(tmp_path):
  train(tmp_path, 3, checkpoint_every=2, show_inner_training=True)
  folder = tmp_path / "tensorboard"
  curves = read_curves(folder)
  for name in ("mixture_weights/hebbian", "inner_update_last_step/layer_0"):
    assert [step for step, _ in curves[name]] == [2, 3]
  last = UpdateRule.from_preset(tmp_path)
  assert curves["mixture_weights/hebbian"][-1][1] == pytest.approx(
    mixture_weights(last)["hebbian"]
  )
  (points, *_) = read_arrays(folder, "histograms").values()
  assert [step for step, _ in points] == [2, 3]
  assert (folder / "projector_config.pbtxt").exists()


def test_an_inner_training_is_shown_only_if_asked_for(tmp_path):
  train(tmp_path, 1, checkpoint_every=1, show_inner_training=False)
  curves = read_curves(tmp_path / "tensorboard")
  assert "mixture_weights/hebbian" in curves
  assert not [name for name in curves if name.startswith("inner_update")]
  assert not (tmp_path / "tensorboard" / "features.tsv").exists()
