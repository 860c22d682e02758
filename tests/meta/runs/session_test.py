# SPDX-License-Identifier: Apache-2.0
"""Tests of sessions of a run, on tiny data and without graphs."""

import signal
import types

import numpy as np
import pytest

from lurl_tf.meta import Callback, MetaMetrics
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.meta.runs import log, session
from lurl_tf.meta.runs.session import continue_run, prepare_run
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule
from tests import tiny_meta
from tests.event_files import read_charts, read_curves


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

  monkeypatch.setattr(session, "load_samplers", load)
  return uses


def prepare(logdir, config=None, **options):
  return prepare_run(
    config or make_config(),
    None if logdir is None else str(logdir),
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
  assert "Resuming" not in capsys.readouterr().out
  assert saved_steps(tmp_path) == [1, 2]
  second = continue_run(prepare(tmp_path), num_steps=3, checkpoint_every=5)
  printed = capsys.readouterr().out
  assert f"Resuming from outer step 2 of {tmp_path}." in printed
  assert "outer step 3/3" in printed
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


def test_a_callback_that_cannot_begin_leaves_the_folder_free(tmp_path):
  class Failing(Callback):
    def on_begin(self, config, samplers):
      raise ValueError(f"Received: {len(samplers)} samplers")

  with pytest.raises(ValueError, match="Received: 1 samplers"):
    prepare(tmp_path, callbacks=[Failing()])
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
  metadata = UpdateRule.from_preset(tmp_path).metadata
  assert metadata.validation_curve == (
    (1, 0.75, 0.25),
    (2, 0.5, 0.25),
    (3, 0.625, 0.25),
  )
  assert metadata.validation == metadata.validation_curve[-1]


def test_buckets_take_turns_in_one_run(tmp_path, capsys):
  config = make_config(tasks=tiny_meta.make_tasks((6,), (7, 6)))
  summary = continue_run(prepare(tmp_path, config), 2, checkpoint_every=9)
  assert summary.steps == 2
  printed = capsys.readouterr().out
  for name in ("6 relu", "7-6 relu"):
    assert f"Compiled {name}, 12 inputs, and ran it once, in " in printed
  metadata = UpdateRule.from_preset(tmp_path).metadata
  assert metadata.units == (6,)


def theta(rule):
  return [value.numpy() for value in rule.meta_parameters]


def test_a_run_without_a_folder_leaves_nothing(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  run = prepare(None, validate=True)
  run.validation.score = lambda _: ValidationScore(0.5, 0.25)
  summary = continue_run(run, 2, checkpoint_every=1, validate_every=1)
  assert (summary.finished, summary.steps) == (True, 2)
  assert not list(tmp_path.iterdir())
  trainer = tiny_meta.make_trainer(make_config())
  trainer.train(2)
  tiny_meta.assert_all_equal(theta(run.rule), tiny_meta.theta_of(trainer))
  assert run.rule.metadata.outer_steps == 2
  # A preset of the rule has the same metadata.
  run.rule.save_preset(tmp_path / "preset")
  saved = UpdateRule.from_preset(tmp_path / "preset").metadata
  assert saved.checksum == run.rule.metadata.checksum
  assert saved.curve == run.rule.metadata.curve
  assert [score.step for score in saved.curve] == [1, 2]


def test_rules_of_some_steps_are_kept(tmp_path):
  summary = continue_run(
    prepare(tmp_path), 4, checkpoint_every=9, keep_rules_at=(1, 3)
  )
  assert summary.steps == 4
  folders = sorted(path.name for path in (tmp_path / "rules").iterdir())
  assert folders == ["step_1", "step_3"]
  for step in (1, 3):
    trainer = tiny_meta.make_trainer(make_config())
    trainer.train(step)
    rule = UpdateRule.from_preset(tmp_path / "rules" / f"step_{step}")
    tiny_meta.assert_all_equal(theta(rule), tiny_meta.theta_of(trainer))
    assert rule.metadata.outer_steps == step
  # The same request is fulfilled already; a step that is over is refused.
  continue_run(prepare(tmp_path), 5, checkpoint_every=9, keep_rules_at=(1, 3))
  with pytest.raises(ValueError, match=r"keep_rules_at=\(2,\), .* 5 steps"):
    continue_run(prepare(tmp_path), 6, checkpoint_every=9, keep_rules_at=(2,))
  with pytest.raises(ValueError, match="keep_rules_at=.*logdir=None"):
    continue_run(prepare(None), 6, checkpoint_every=9, keep_rules_at=(2,))
  prepare(tmp_path).folder.release()


class Clock:
  """Counts an hour between the steps."""

  def __init__(self, monkeypatch):
    self.seconds = 0.0
    clock = types.SimpleNamespace(monotonic=lambda: self.seconds)
    monkeypatch.setattr(log, "time", clock)

  def callback(self):
    clock = self

    class AddHour(Callback):
      def on_step(self, step, metrics):
        clock.seconds += 3600

    return AddHour()


def test_hours_are_those_of_all_sessions(tmp_path, monkeypatch):
  clock = Clock(monkeypatch)
  callbacks = [clock.callback()]
  steps = []
  for hours in (2, 2, 3):
    run = prepare(tmp_path, callbacks=callbacks)
    summary = continue_run(run, None, checkpoint_every=9, hours=hours)
    assert summary.finished
    steps.append(summary.steps)
  assert steps == [2, 2, 3]
  assert saved_steps(tmp_path) == [2, 3]
  assert summary.seconds == 3 * 3600
  trainer = tiny_meta.make_trainer(make_config())
  trainer.train(3)
  rule = UpdateRule.from_preset(tmp_path)
  tiny_meta.assert_all_equal(theta(rule), tiny_meta.theta_of(trainer))
  assert rule.metadata.wall_time_seconds == 3 * 3600


def test_callbacks_see_steps_validations_and_checkpoints(tmp_path):
  seen = []

  class Recorder(Callback):
    def on_begin(self, config, samplers):
      seen.append(("begin", config.slots, len(samplers)))

    def on_step(self, step, metrics):
      seen.append(("step", step, metrics.skipped))

    def on_validation(self, step, score):
      seen.append(("validation", step, score.loss))

    def on_checkpoint(self, state):
      seen.append(("checkpoint", state.step, state.writer is not None))

    def on_end(self, summary):
      seen.append(("end", summary.steps, summary.finished))

  run = prepare(tmp_path, validate=True, callbacks=[Recorder()])
  run.validation.score = lambda _: ValidationScore(0.5, 0.25)
  continue_run(run, 3, checkpoint_every=2, validate_every=2)
  assert seen == [
    ("begin", 2, 1),
    ("step", 1, 0.0),
    ("step", 2, 0.0),
    ("validation", 2, 0.5),
    ("checkpoint", 2, True),
    ("step", 3, 0.0),
    ("checkpoint", 3, True),
    ("end", 3, True),
  ]
