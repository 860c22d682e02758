# SPDX-License-Identifier: Apache-2.0
"""Tests of meta-training in one call, on tiny data and without graphs."""

import dataclasses
import signal

import numpy as np
import pytest

from lurl_tf import presets
from lurl_tf.meta import (
  Callback,
  MetaTrainConfig,
  UnrollConfig,
  Validation,
  fit,
)
from lurl_tf.meta.runs.description import read_description
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule
from lurl_tf.tasks import DataSource, named_distribution
from tests import tiny_meta

TASKS = dataclasses.replace(
  tiny_meta.make_tasks((6,)),
  sources=(DataSource("tiny"), DataSource("other", use="meta_validation")),
)


@pytest.fixture(autouse=True)
def fixture_tiny():
  with tiny_meta.eagerly(), tiny_meta.tiny_data():
    yield


def make_config(**fields):
  """A config whose tasks and seed are the defaults, for those of `fit`."""
  own = {
    "rule": tiny_meta.make_rule_config(),
    "slots": 1,
    "unroll": UnrollConfig(max_steps=1),
    "min_truncation": 1,
    "min_horizon": 2,
    "max_horizon": 3,
  }
  return MetaTrainConfig(**{**own, **fields})


def run(logdir=None, tasks=TASKS, config=None, initial_rule=None, **options):
  return fit(
    tasks,
    logdir,
    initial_rule=initial_rule,
    config=config or make_config(),
    **options,
  )


def theta(rule):
  return [value.numpy() for value in rule.meta_parameters]


class Stop(Callback):
  """Sends a signal after the first step."""

  def on_step(self, step, metrics):
    if step == 1:
      signal.raise_signal(signal.SIGTERM)


def test_an_interrupted_run_resumes_bit_for_bit(tmp_path, capsys):
  stopped, whole = tmp_path / "stopped", tmp_path / "whole"
  options = {"num_steps": 2, "checkpoint_every": 9, "seed": 3}
  rule = run(stopped, callbacks=[Stop()], **options)
  assert rule.metadata.outer_steps == 1
  resumed = run(stopped, **options)
  assert "Resuming from outer step 1" in capsys.readouterr().out
  uninterrupted = run(whole, **options)
  tiny_meta.assert_all_equal(theta(resumed), theta(uninterrupted))
  tiny_meta.assert_all_equal(
    theta(UpdateRule.from_preset(stopped)), theta(resumed)
  )
  one, other = (
    tiny_meta.read_checkpoint(folder / "checkpoints" / "ckpt-2")
    for folder in (stopped, whole)
  )
  one.pop("seconds/.ATTRIBUTES/VARIABLE_VALUE")
  other.pop("seconds/.ATTRIBUTES/VARIABLE_VALUE")
  tiny_meta.assert_all_equal(one, other)


def test_it_is_the_trainer_with_the_config(tmp_path):
  rule = run(num_steps=2, seed=3)
  config = make_config(tasks=TASKS, seed=3, decay_steps=2)
  trainer = tiny_meta.make_trainer(config)
  trainer.train(2)
  tiny_meta.assert_all_equal(theta(rule), tiny_meta.theta_of(trainer))


def test_without_a_folder_nothing_is_left(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  rule = run(num_steps=1, validate_every=1, checkpoint_every=1)
  assert rule.metadata.outer_steps == 1
  assert not list(tmp_path.iterdir())


def test_an_hour_of_no_length_ends_after_a_step_and_keeps_an_average(tmp_path):
  rule = run(tmp_path, hours=1e-9)
  assert rule.metadata.outer_steps == 1
  config = read_description(tmp_path).config
  assert (config.decay_steps, config.average_decay) == (0, 0.99)
  # The hours are over: nothing is left to do, and the rule is the same.
  again = run(tmp_path, hours=1e-9)
  tiny_meta.assert_all_equal(theta(again), theta(rule))
  assert again.metadata == UpdateRule.from_preset(tmp_path).metadata
  # With more hours, and with a number of steps, the same run goes on.
  longer = run(tmp_path, num_steps=2)
  whole = run(
    num_steps=2, config=make_config(decay_steps=0, average_decay=0.99)
  )
  tiny_meta.assert_all_equal(theta(longer), theta(whole))


def test_the_schedule_is_that_of_the_first_session(tmp_path):
  run(tmp_path, num_steps=1)
  rule = run(tmp_path, num_steps=2)
  config = read_description(tmp_path).config
  assert (config.decay_steps, config.average_decay) == (1, 0.0)
  whole = run(num_steps=2, config=make_config(decay_steps=1))
  tiny_meta.assert_all_equal(theta(rule), theta(whole))


def test_without_a_length_it_does_the_default_steps():
  class Enough(Exception):
    pass

  class Length(Callback):
    def on_begin(self, config, samplers):
      assert config.decay_steps == 250
      raise Enough

  with pytest.raises(Enough):
    run(callbacks=[Length()])


def test_rules_are_kept(tmp_path):
  run(tmp_path, num_steps=2, keep_rules_at=[1, 2])
  kept = tmp_path / "rules"
  assert {path.name for path in kept.iterdir()} == {"step_1", "step_2"}
  first = UpdateRule.from_preset(kept / "step_1")
  expected = run(num_steps=1, config=make_config(decay_steps=2))
  tiny_meta.assert_all_equal(theta(first), theta(expected))
  last = UpdateRule.from_preset(kept / "step_2")
  tiny_meta.assert_all_equal(
    theta(last), theta(UpdateRule.from_preset(tmp_path))
  )


def test_a_run_starts_from_a_rule_and_leaves_it_as_it_is(tmp_path):
  start = tiny_meta.make_rule(tiny_meta.make_rule_config())
  before = theta(start)
  start.save_preset(tmp_path / "start", presets.PresetMetadata(inner_steps=4))
  options = {"num_steps": 1, "config": make_config(learning_rate=1e-30)}
  for initial_rule in (start, tmp_path / "start"):
    rule = run(initial_rule=initial_rule, **options)
    # The step is too small to be seen in float32.
    tiny_meta.assert_all_equal(theta(rule), before)
    assert (
      rule.metadata.initial_rule
      == presets.load(tmp_path / "start").metadata.checksum
    )
  moved = run(initial_rule=start, num_steps=1)
  assert any(np.any(a != b) for a, b in zip(theta(moved), before))
  tiny_meta.assert_all_equal(theta(start), before)


def test_the_card(tmp_path, monkeypatch, capsys):
  scores = iter([ValidationScore(0.75, 0.5), ValidationScore(0.875, 0.25)])
  monkeypatch.setattr(Validation, "score", lambda *_: next(scores))
  rule = run(
    tmp_path,
    num_steps=2,
    checkpoint_every=1,
    validate_every=1,
    seed=5,
    tasks_name="tiny",
    command="as typed",
  )
  metadata = rule.metadata
  assert metadata == UpdateRule.from_preset(tmp_path).metadata
  assert (metadata.tasks, metadata.command) == ("tiny", "as typed")
  assert (metadata.outer_steps, metadata.seed) == (2, 5)
  assert [score.step for score in metadata.curve] == [1, 2]
  assert metadata.validation_curve == ((1, 0.75, 0.5), (2, 0.875, 0.25))
  assert metadata.validation == metadata.validation_curve[-1]
  assert metadata.good_for and metadata.not_for
  capsys.readouterr()
  rule.card()
  text = " ".join(capsys.readouterr().out.split())
  for expected in ("tiny", "as typed", metadata.good_for, metadata.not_for):
    assert expected in text
  best = UpdateRule.from_preset(tmp_path / "best_rule").metadata
  assert best.validation == (1, 0.75, 0.5)


def test_tasks_have_a_name(tmp_path):
  assert run(num_steps=1).metadata.tasks == "tiny"
  path = str(tmp_path / "mine.json")
  TASKS.save(path)
  rule = run(tasks=path, num_steps=1)
  assert rule.metadata.tasks == path
  assert rule.metadata.units == (6,)


class NeverBegins(Callback):
  """Fails if the arguments are accepted."""

  def on_begin(self, config, samplers):
    raise AssertionError("bad input must be refused before")


@pytest.mark.parametrize(
  ("message", "options"),
  [
    ("Received: num_steps=0", {"num_steps": 0}),
    ("Received: hours=0", {"hours": 0}),
    ("Received: hours=nan", {"hours": float("nan")}),
    ("Received: checkpoint_every=0", {"checkpoint_every": 0}),
    ("Received: validate_every=-1", {"validate_every": -1}),
    ("checkpoint_every=50, steps_per_call=3", {"steps_per_call": 3}),
    (r"keep_rules_at=\(0,\), num_steps=9", {"keep_rules_at": [0]}),
    (r"keep_rules_at=\(10,\), num_steps=9", {"keep_rules_at": [10]}),
    (
      r"keep_rules_at=\(3,\), logdir=None",
      {"keep_rules_at": [3], "logdir": None},
    ),
    ("missing.json", {"tasks": "missing.json"}),
    ("no_such", {"initial_rule": "no_such"}),
    ("Received: config.rule=", {"initial_rule": "starts/pooled"}),
    (
      "Received: seed=1, config.seed=2",
      {"seed": 1, "config": make_config(seed=2)},
    ),
    (
      "Received: tasks=",
      {"config": make_config(tasks=named_distribution("small"))},
    ),
  ],
)
def test_bad_input_is_refused_before_anything_is_computed(
  message, options, tmp_path
):
  options = {"logdir": tmp_path / "run", "num_steps": 9, **options}
  with pytest.raises((ValueError, FileNotFoundError), match=message):
    run(callbacks=[NeverBegins()], **options)
  assert not list(tmp_path.iterdir())


def test_another_run_in_the_folder_is_refused(tmp_path):
  run(tmp_path, num_steps=1)
  with pytest.raises(ValueError, match="config.seed: 0 became 1"):
    run(tmp_path, num_steps=2, seed=1)


def test_a_config_for_random_meta_parameters_fits_the_tasks():
  tasks = dataclasses.replace(TASKS)
  rule = fit(
    tasks,
    num_steps=1,
    initial_rule=None,
    config=MetaTrainConfig.starting_from(
      None, slots=1, unroll=UnrollConfig(max_steps=1), min_truncation=1
    ),
  )
  assert rule.config.hidden_channels == 24
  assert rule.metadata.inner_steps == 100
