# SPDX-License-Identifier: Apache-2.0
"""Tests of a run in a log folder, on tiny data and without graphs."""

import signal

import numpy as np
import pytest

from experiments.inspection.mixture_weights import mixture_weights
from experiments.training import meta_training_run
from experiments.training.meta_training_run import continue_run, prepare_run
from experiments.training.run_log import Summary, report_run
from lurl_tf.meta import MetaMetrics
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule
from tests import tiny_meta
from tests.event_files import read_arrays, read_charts, read_curves


@pytest.fixture(autouse=True)
def fixture_eager():
  with tiny_meta.eagerly():
    yield


def make_config(**fields):
  own = {
    "units": (6,),
    "slots": 2,
    "unroll": {"max_steps": 2},
    "min_truncation": 1,
    "learn_inner_rates": True,
  }
  return tiny_meta.make_config(**{**own, **fields})


@pytest.fixture(autouse=True, name="uses")
def fixture_tiny_data(monkeypatch):
  """Tiny data in place of the distribution's, and a list of the uses."""
  uses = []

  def load(tasks, use, data_dir, seed):
    uses.append((use, data_dir))
    return tiny_meta.make_samplers(make_config(tasks=tasks, seed=seed), use=use)

  monkeypatch.setattr(meta_training_run, "load_samplers", load)
  return uses


def prepare(logdir, config=None, **options):
  return prepare_run(
    config or make_config(),
    str(logdir),
    tasks_name="tiny",
    command="as typed",
    **options,
  )


def saved_steps(logdir):
  return sorted(
    int(path.stem.removeprefix("ckpt-"))
    for path in logdir.glob("checkpoints/*.index")
  )


def test_a_run_in_three_sessions_equals_a_trainer(tmp_path, capsys):
  first = continue_run(prepare(tmp_path), num_steps=2, checkpoint_every=1)
  assert "Going on" not in capsys.readouterr().out
  assert saved_steps(tmp_path) == [1, 2]
  second = continue_run(prepare(tmp_path), num_steps=3, checkpoint_every=5)
  printed = capsys.readouterr().out
  assert f"Going on from step 2 of {tmp_path}." in printed
  assert "meta-step 3/3" in printed
  assert saved_steps(tmp_path) == [1, 2, 3]
  third = continue_run(prepare(tmp_path), num_steps=3, checkpoint_every=5)
  assert (first.steps, second.steps, third.steps) == (2, 3, 3)
  assert first.finished and second.finished and third.finished
  # Time adds up; metrics are this session's.
  assert 0 < first.seconds < min(second.seconds, third.seconds)
  assert third.first is third.last is None
  trainer = tiny_meta.make_trainer(make_config())
  history = [trainer.train(1) for _ in range(3)]
  for summary, metrics in ((first, history[:2]), (second, history[2:])):
    assert summary.first == summary.last
    np.testing.assert_allclose(
      summary.first[:-1], np.mean(metrics, axis=0)[:-1], rtol=1e-12
    )
  assert third.inner_learning_rates == trainer.inner_learning_rates
  rule = UpdateRule.from_preset(tmp_path)
  tiny_meta.assert_all_equal(
    [value.numpy() for value in rule.meta_parameters],
    tiny_meta.theta_of(trainer),
  )
  assert rule.config == trainer.config.rule
  metadata = rule.metadata
  assert metadata.command == "as typed"
  assert metadata.tasks == "tiny"
  assert metadata.outer_steps == 3
  assert metadata.units == (6,)
  assert metadata.activation == "relu"
  assert (metadata.batch_size, metadata.image_size) == (8, 3)
  assert metadata.inner_steps == trainer.config.max_horizon
  assert metadata.inner_learning_rates == trainer.inner_learning_rates
  assert 0 < metadata.wall_time_seconds < 1000


def test_curves_have_a_point_per_step(tmp_path):
  run = prepare(tmp_path)
  continue_run(run, num_steps=2, checkpoint_every=5)
  curves = read_curves(tmp_path / "tensorboard")
  own = {name for name in curves if name.startswith("meta/")}
  assert own == {f"meta/{name}" for name in MetaMetrics._fields}
  assert [step for step, _ in curves["meta/loss"]] == [1, 2]
  trainer = tiny_meta.make_trainer(make_config())
  np.testing.assert_allclose(
    [value for _, value in curves["meta/loss"]],
    [trainer.train(1).loss for _ in range(2)],
    rtol=1e-6,
  )
  # All slots are of one bucket, and learn from one data set.
  for kind, part in (
    ("meta_by_data_set", "the data set"),
    ("meta_by_bucket", "6 relu, 12 inputs"),
  ):
    for name in UnrollMetrics._fields:
      shown = curves.pop(f"{kind}/{name}/{part}")
      np.testing.assert_allclose(shown, curves[f"meta/{name}"], rtol=1e-6)
  assert not [name for name in curves if name.startswith("meta_by_")]
  assert "Meta-training" in read_charts(tmp_path / "tensorboard")


def test_the_rule_is_shown_at_every_checkpoint(tmp_path):
  run = prepare(tmp_path, show_inner_training=True)
  continue_run(run, num_steps=3, checkpoint_every=2)
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
  continue_run(prepare(tmp_path), num_steps=1, checkpoint_every=1)
  curves = read_curves(tmp_path / "tensorboard")
  assert "mixture_weights/hebbian" in curves
  assert not [name for name in curves if name.startswith("inner_update")]
  assert not (tmp_path / "tensorboard" / "features.tsv").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_after_the_step(number, tmp_path):
  run = prepare(tmp_path)
  train = run.trainer.train

  def interrupted(steps, on_step, should_stop):
    def interrupt(step, metrics):
      on_step(step, metrics)
      if step == 2:
        signal.raise_signal(number)

    return train(steps, interrupt, should_stop)

  run.trainer.train = interrupted
  summary = continue_run(run, num_steps=9, checkpoint_every=9)
  assert (summary.finished, summary.steps) == (False, 2)
  assert saved_steps(tmp_path) == [2]
  assert UpdateRule.from_preset(tmp_path).metadata.outer_steps == 2
  again = prepare(tmp_path)
  assert again.trainer.step == 2
  again.folder.release()


def test_another_run_in_the_folder_is_refused(tmp_path):
  run = prepare(tmp_path)
  with pytest.raises(ValueError, match="must not be in use"):
    prepare(tmp_path)
  run.folder.release()
  with pytest.raises(ValueError, match="config.slots: 2 became 3"):
    prepare(tmp_path, make_config(slots=3))


def test_a_checkpoint_that_does_not_fit_leaves_the_folder_free(tmp_path):
  continue_run(prepare(tmp_path), 1, checkpoint_every=1)
  for path in tmp_path.glob("checkpoints/*"):
    path.write_bytes(b"")
  for _ in range(2):
    with pytest.raises(ValueError, match="checkpoints must be readable"):
      prepare(tmp_path)


@pytest.mark.parametrize("part", ["InnerTrainingView", "rule_metadata"])
def test_what_cannot_be_made_leaves_the_folder_free(part, tmp_path):
  def fail(*_):
    raise ValueError("Received: nothing")

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(meta_training_run, part, fail)
    with pytest.raises(ValueError, match="Received: nothing"):
      prepare(tmp_path, show_inner_training=True)
  prepare(tmp_path).folder.release()


def test_a_run_that_cannot_start_leaves_the_folder_free(tmp_path):
  run = prepare(tmp_path, steps_per_call=2)
  with pytest.raises(ValueError, match="must be a multiple"):
    continue_run(run, 5, checkpoint_every=3)
  prepare(tmp_path, steps_per_call=2).folder.release()


def test_steps_of_one_call_are_saved_and_told_one_by_one(tmp_path):
  run = prepare(tmp_path, steps_per_call=2)
  summary = continue_run(run, 5, checkpoint_every=2)
  assert saved_steps(tmp_path) == [2, 4, 5]
  trainer = tiny_meta.make_trainer(make_config())
  trainer.train(5)
  rule = UpdateRule.from_preset(tmp_path)
  tiny_meta.assert_all_equal(
    [value.numpy() for value in rule.meta_parameters],
    tiny_meta.theta_of(trainer),
  )
  curve = read_curves(tmp_path / "tensorboard")["meta/loss"]
  assert [step for step, _ in curve] == [1, 2, 3, 4, 5]
  assert summary.lost_slots == ((0, 0),)
  (call, *_) = summary.first_calls
  assert call.buckets == ("6 relu, 12 inputs",) and call.seconds > 0


def test_bad_tasks_leave_no_folder(tmp_path):
  tasks = tiny_meta.make_tasks((6,), episodes={"support_per_class": 19})
  with pytest.raises(ValueError, match="'class_0' of .* with 20 examples"):
    prepare(tmp_path / "run", make_config(tasks=tasks))
  assert not list(tmp_path.iterdir())


def test_the_rule_that_does_best_on_held_out_tasks_is_kept(tmp_path, uses):
  run = prepare(tmp_path, data_dir="data", validate=True)
  assert uses == [("meta_train", "data"), ("meta_validation", "data")]
  losses = iter([0.75, 0.5, 0.625])
  run.validation.score = lambda _: ValidationScore(next(losses), 0.25)
  first = continue_run(run, 2, checkpoint_every=9, validate_every=1)
  assert [step for step, _ in first.validations] == [1, 2]
  # A later session knows what was best before.
  again = prepare(tmp_path, validate=True)
  again.validation.score = run.validation.score
  second = continue_run(again, 3, checkpoint_every=9, validate_every=1)
  assert second.validations == ((3, ValidationScore(0.625, 0.25)),)
  best = UpdateRule.from_preset(tmp_path / "best_rule").metadata
  assert (best.outer_steps, best.validation.loss) == (2, 0.5)
  assert UpdateRule.from_preset(tmp_path).metadata.outer_steps == 3
  curves = read_curves(tmp_path / "tensorboard")
  values = [value for _, value in curves["validation/loss"]]
  np.testing.assert_allclose(values, [0.75, 0.5, 0.625])
  assert report_run(second).splitlines()[-1].split() == ["3", "0.6250", "25.0"]


def test_buckets_take_turns_in_one_run(tmp_path, capsys):
  config = make_config(tasks=tiny_meta.make_tasks((6,), (7, 6)))
  summary = continue_run(prepare(tmp_path, config), 2, checkpoint_every=9)
  assert summary.steps == 2
  printed = capsys.readouterr().out
  for name in ("6 relu", "7-6 relu"):
    assert f"Compiled {name}, 12 inputs, and ran it once, in " in printed
  metadata = UpdateRule.from_preset(tmp_path).metadata
  assert metadata.units == (6,)


def test_report():
  first = MetaMetrics(1.5, 1.4, 0.1, 0.25, 0.5, 0.75, 1.0, 0.01, 0.0, 0.0)
  last = first._replace(loss=0.5, accuracy=0.875)
  text = report_run(Summary(True, 300, 75.0, first, last, (0.03, 0.001)))
  lines = text.splitlines()
  assert lines[0].split() == "mean of first 20 steps last 20 steps".split()
  assert lines[2].split() == ["loss", "1.5000", "0.5000"]
  assert "accuracy 0.2500 0.8750" in " ".join(text.split())
  assert lines[-1].startswith("300 meta-steps in 1 min 15 s")
  assert lines[-1].endswith("inner learning rates: 0.03, 0.001")


def test_report_of_a_run_that_was_done():
  text = report_run(Summary(True, 300, 75.0, None, None, (0.03,)))
  assert text == "The run was done before: 300 meta-steps."
