# SPDX-License-Identifier: Apache-2.0
"""Tests of the log folder of a run."""

import json
import re

import pytest
import tensorflow as tf

from lurl_tf import files
from lurl_tf.meta.runs import checkpoints
from lurl_tf.meta.runs.folder import RunFolder

DESCRIPTION = {"tasks": "glyphs", "config": {"units": [8, 4], "seed": 0}}


class State:
  """State of a run."""

  def __init__(self, value=0.0):
    self.value = tf.Variable(value)
    self.step = tf.Variable(0, dtype=tf.int64)
    self.checkpoint = tf.train.Checkpoint(value=self.value, step=self.step)


def save_run(path, steps=1, description=DESCRIPTION):
  """Saves a run of some steps in a folder."""
  state = State()
  with RunFolder(path, description) as folder:
    folder.restore(state.checkpoint, state.step)
    for step in range(1, steps + 1):
      state.value.assign(10.0 * step)
      state.step.assign(step)
      folder.save(seconds=1.5 * step)


def restored(path, description=DESCRIPTION):
  """Seconds, value and step of a run that is resumed."""
  state = State(7.0)
  with RunFolder(path, description) as folder:
    assert folder.restore(state.checkpoint, state.step)
    return folder.seconds, float(state.value), int(state.step)


@pytest.fixture(name="path")
def fixture_path(new_folder):
  return new_folder


def contents(path):
  """Names and bytes of all files."""
  return {
    f"{folder}/{name}": files.read_bytes(tf.io.gfile.join(folder, name))
    for folder, _, names in tf.io.gfile.walk(str(path))
    for name in names
  }


def test_a_new_folder_is_made_and_holds_nothing_to_restore(path):
  state = State(3.0)
  with RunFolder(path, DESCRIPTION) as folder:
    assert not folder.restore(state.checkpoint, state.step)
    assert state.value.numpy() == 3.0
    assert folder.seconds == 0.0
    assert folder.path == path
  (name,) = tf.io.gfile.listdir(path)
  assert name == "run.json"
  text = files.read_bytes(tf.io.gfile.join(path, name))
  assert json.loads(text) == DESCRIPTION


def test_the_last_state_comes_back(path):
  save_run(path, steps=2)
  assert restored(path) == (3.0, 20.0, 2)


def test_a_run_that_was_moved_comes_back(tmp_path):
  save_run(tmp_path / "one", steps=2)
  (tmp_path / "one").rename(tmp_path / "other")
  assert restored(tmp_path / "other") == (3.0, 20.0, 2)


def test_old_checkpoints_are_removed(path):
  save_run(path, steps=5)
  saved = checkpoints.list_checkpoints(path)
  assert [each.step for each in saved] == [3, 4, 5]
  names = tf.io.gfile.listdir(tf.io.gfile.join(path, "checkpoints"))
  assert len(names) == 2 * 3


def test_a_step_is_saved_once(path):
  """Files on disk are never overwritten."""
  save_run(path, steps=2)
  before, state = contents(path), State()
  with RunFolder(path, DESCRIPTION) as folder:
    folder.restore(state.checkpoint, state.step)
    folder.save(seconds=9.0)
    folder.release()
    assert contents(path) == before
  with RunFolder(path, DESCRIPTION) as folder:
    folder.restore(state.checkpoint, state.step)
    state.step.assign(4)
    folder.save(seconds=9.0)
    folder.save(seconds=10.0)
  saved = checkpoints.list_checkpoints(path)
  assert [each.step for each in saved] == [1, 2, 4]
  assert restored(path) == (9.0, 20.0, 4)


def test_state_of_other_variables_is_refused_and_nothing_assigned(path):
  save_run(path)
  before = contents(path)
  step, other = tf.Variable(0, dtype=tf.int64), tf.Variable([1.0, 2.0])
  for checkpoint, message in (
    (tf.train.Checkpoint(another=other, step=step), "another.*missing"),
    (tf.train.Checkpoint(value=other, step=step), r"value.*\[\] instead of"),
  ):
    with RunFolder(path, DESCRIPTION) as folder:
      with pytest.raises(ValueError, match=f"another version.*{message}"):
        folder.restore(checkpoint, step)
  assert (other.numpy().tolist(), int(step)) == ([1.0, 2.0], 0)
  assert contents(path) == before


def test_a_follower_writes_nothing(path):
  save_run(path)
  before, state = contents(path), State()
  with RunFolder(path, DESCRIPTION):
    pass
  with RunFolder(path, DESCRIPTION, lock=False) as folder:
    assert folder.restore(state.checkpoint, state.step)
    with pytest.raises(ValueError, match="without its lock"):
      folder.save(1.0)
  assert contents(path) == before
  assert float(state.value) == 10.0


def test_a_damaged_description_is_named(path):
  save_run(path)
  file = tf.io.gfile.join(path, "run.json")
  files.write_atomically(file, files.read_bytes(file)[:9])
  with pytest.raises(ValueError, match=f"Received: {re.escape(file)}"):
    RunFolder(path, DESCRIPTION)


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
      {"tasks": "glyphs", "config": {"units": [8, 4], "seed": 2}},
      "config.seed: 0 became 2",
    ),
    (
      {**DESCRIPTION, "image_size": 8},
      "image_size: None became 8",
    ),
  ],
)
def test_another_description_is_named_and_changes_nothing(
  description, message, path
):
  save_run(path)
  before = contents(path)
  with pytest.raises(ValueError, match=re.escape(message)) as error:
    RunFolder(path, description)
  assert path in str(error.value)
  assert contents(path) == before


def test_taking_up_a_run_changes_nothing_by_itself(path):
  save_run(path)
  before = contents(path)
  restored(path)
  assert contents(path) == before


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


def test_a_folder_that_cannot_be_used_is_left_free(path, monkeypatch):
  def fail(folder):
    raise OSError(f"no space left for {folder}")

  with monkeypatch.context() as patch:
    patch.setattr(checkpoints, "tidy", fail)
    with pytest.raises(OSError, match="no space left"):
      RunFolder(path, DESCRIPTION)
  save_run(path)
  assert restored(path)[2] == 1
