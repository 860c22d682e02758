# SPDX-License-Identifier: Apache-2.0
"""Tests of the log folder of a run."""

import json
import re

import pytest
import tensorflow as tf

from lurl_tf.meta.run_folder import RunFolder, differing_fields

DESCRIPTION = {"tasks": "glyphs", "config": {"units": [8, 4], "seed": 0}}


class State:
  """What a run would keep."""

  def __init__(self, value=0.0):
    self.value = tf.Variable(value)
    self.step = tf.Variable(0, dtype=tf.int64)
    self.checkpoint = tf.train.Checkpoint(value=self.value, step=self.step)


def save_run(path, steps=1, description=DESCRIPTION):
  """A folder with a run of so many saved steps."""
  folder, state = RunFolder(path, description), State()
  folder.restore(state.checkpoint, state.step)
  for step in range(1, steps + 1):
    state.value.assign(10.0 * step)
    state.step.assign(step)
    folder.save(seconds=1.5 * step)


def contents(path):
  """Names, bytes and times of change of all files."""
  return {
    file.relative_to(path): (
      file.read_bytes() if file.is_file() else None,
      file.stat().st_mtime_ns,
    )
    for file in [path, *path.rglob("*")]
  }


def test_a_new_folder_is_made_and_holds_nothing_to_restore(tmp_path):
  path = tmp_path / "runs" / "one"
  folder, state = RunFolder(path, DESCRIPTION), State(3.0)
  assert not folder.restore(state.checkpoint, state.step)
  assert state.value.numpy() == 3.0
  assert folder.seconds == 0.0
  assert folder.path == path
  assert json.loads((path / "run.json").read_text()) == DESCRIPTION
  assert [file.name for file in path.iterdir()] == ["run.json"]


def test_the_last_state_comes_back(tmp_path):
  save_run(tmp_path, steps=2)
  folder, state = RunFolder(str(tmp_path), DESCRIPTION), State(7.0)
  assert folder.restore(state.checkpoint, state.step)
  assert state.value.numpy() == 20.0
  assert state.step.numpy() == 2
  assert folder.seconds == 3.0


def test_a_run_that_was_moved_comes_back(tmp_path):
  save_run(tmp_path / "one", steps=2)
  (tmp_path / "one").rename(tmp_path / "other")
  folder, state = RunFolder(tmp_path / "other", DESCRIPTION), State()
  assert folder.restore(state.checkpoint, state.step)
  assert state.value.numpy() == 20.0


def test_old_checkpoints_are_removed(tmp_path):
  save_run(tmp_path, steps=5)
  kept = sorted(file.name for file in tmp_path.rglob("*.index"))
  assert kept == ["ckpt-3.index", "ckpt-4.index", "ckpt-5.index"]


def test_a_step_is_saved_once(tmp_path):
  """What is on disk is never written over."""
  save_run(tmp_path, steps=2)
  before = contents(tmp_path)
  folder, state = RunFolder(tmp_path, DESCRIPTION), State()
  folder.restore(state.checkpoint, state.step)
  folder.save(seconds=9.0)
  assert contents(tmp_path) == before
  state.step.assign(4)
  folder.save(seconds=9.0)
  folder.save(seconds=10.0)
  kept = sorted(file.name for file in tmp_path.rglob("*.index"))
  assert kept == ["ckpt-1.index", "ckpt-2.index", "ckpt-4.index"]
  folder, state = RunFolder(tmp_path, DESCRIPTION), State()
  folder.restore(state.checkpoint, state.step)
  assert (folder.seconds, state.step.numpy()) == (9.0, 4)


def test_a_checkpoint_of_other_state_is_refused(tmp_path):
  save_run(tmp_path)
  step = tf.Variable(0, dtype=tf.int64)
  other = tf.train.Checkpoint(another=tf.Variable(1.0), step=step)
  with pytest.raises(AssertionError):
    RunFolder(tmp_path, DESCRIPTION).restore(other, step)


@pytest.mark.parametrize(
  ("description", "message"),
  [
    (
      {"tasks": "digits", "config": {"units": [8, 4], "seed": 0}},
      "tasks: glyphs became digits",
    ),
    (
      {"tasks": "glyphs", "config": {"units": [8, 5], "seed": 0}},
      "config.units: [8, 4] became [8, 5]",
    ),
    (
      {"tasks": "glyphs", "config": {"units": [8, 4]}},
      "config.seed: 0 became None",
    ),
    (
      {**DESCRIPTION, "image_size": 8},
      "image_size: None became 8",
    ),
  ],
)
def test_another_description_is_named_and_changes_nothing(
  description, message, tmp_path
):
  save_run(tmp_path)
  before = contents(tmp_path)
  with pytest.raises(ValueError, match=re.escape(message)) as error:
    RunFolder(tmp_path, description)
  assert str(tmp_path) in str(error.value)
  assert contents(tmp_path) == before


def test_taking_up_a_run_changes_nothing_by_itself(tmp_path):
  save_run(tmp_path)
  before = contents(tmp_path)
  state = State()
  RunFolder(tmp_path, DESCRIPTION).restore(state.checkpoint, state.step)
  assert contents(tmp_path) == before


def test_a_file_in_the_folders_place_is_left_alone(tmp_path):
  path = tmp_path / "run"
  path.write_text("mine")
  with pytest.raises(OSError, match=re.escape(f"Received: '{path}'")):
    RunFolder(path, DESCRIPTION)
  with pytest.raises(OSError, match="log folder must be a folder"):
    RunFolder(path / "below", DESCRIPTION)
  assert path.read_text() == "mine"
  assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("path", ["/proc/no_run", "/proc"])
def test_a_folder_that_cannot_be_written_is_refused(path):
  with pytest.raises(OSError, match=f"Received: '{path}'"):
    RunFolder(path, DESCRIPTION)


def test_equal_descriptions_do_not_differ():
  assert (
    differing_fields(DESCRIPTION, json.loads(json.dumps(DESCRIPTION))) == []
  )


def test_all_differing_fields_are_named():
  one = {"a": 1, "b": {"c": [1], "d": {"e": True}}, "f": {"g": 0}}
  other = {"a": 2, "b": {"c": [1], "d": {"e": False}}, "f": 0, "h": "x"}
  assert differing_fields(one, other) == [
    "a: 1 became 2",
    "b.d.e: True became False",
    "f: {'g': 0} became 0",
    "h: None became x",
  ]
