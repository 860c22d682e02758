# SPDX-License-Identifier: Apache-2.0
"""Tests of damaged, half-written and unwritable checkpoints."""

import pathlib
import subprocess

import pytest
import tensorflow as tf

from lurl_tf import files
from lurl_tf.meta.runs import checkpoints


class State:
  """Variables of a run."""

  def __init__(self, value=0.0):
    self.value = tf.Variable([value] * 5)
    self.step = tf.Variable(0)
    self.checkpoint = tf.train.Checkpoint(value=self.value, step=self.step)


def save(logdir, *steps):
  state = State()
  for step in steps:
    state.value.assign([10.0 * step] * 5)
    state.step.assign(step)
    checkpoints.write(state.checkpoint, logdir, step, keep=3)


def files_of(saved):
  return sorted(tf.io.gfile.glob(f"{saved.prefix}.*"))


def cut(content, share):
  return content[: int(share * len(content))]


def flip(content, place):
  """Another bit at a place; the footer of an index has unused bytes."""
  changed = bytearray(content)
  changed[int(place * len(content))] ^= 0x40
  return bytes(changed)


@pytest.mark.parametrize("part", ["data", "index"])
@pytest.mark.parametrize(
  ("damage", "place"),
  [(cut, 0), (cut, 0.5), (cut, 0.99), (flip, 0.1), (flip, 0.5)],
)
def test_a_damaged_newest_falls_back_to_the_one_before(
  part, damage, place, new_folder
):
  save(new_folder, 1, 2)
  newest = checkpoints.list_checkpoints(new_folder)[-1]
  (path,) = [each for each in files_of(newest) if part in each]
  files.write_atomically(path, damage(files.read_bytes(path), place))
  state = State(7.0)
  with pytest.warns(RuntimeWarning) as warned:
    used = checkpoints.read_newest(state.checkpoint, new_folder)
  (message,) = [str(each.message) for each in warned]
  assert newest.prefix in message and used.prefix in message
  assert (used.step, int(state.step)) == (1, 1)
  assert state.value.numpy().tolist() == [10.0] * 5


def test_the_list_of_tensorflow_does_not_matter(new_folder):
  save(new_folder, 1)
  for content in (b"", b"model_checkpoint_path: nonsense"):
    path = tf.io.gfile.join(new_folder, "checkpoints", "checkpoint")
    files.write_atomically(path, content)
    state = State()
    assert checkpoints.read_newest(state.checkpoint, new_folder).step == 1


def test_a_run_never_begins_anew_in_silence(new_folder):
  save(new_folder, 1, 2)
  for saved in checkpoints.list_checkpoints(new_folder):
    (_, index) = files_of(saved)
    files.write_atomically(index, b"")
  state = State(7.0)
  with pytest.raises(ValueError, match="ckpt-2 .*ckpt-1 "):
    checkpoints.read_newest(state.checkpoint, new_folder)
  assert state.value.numpy().tolist() == [7.0] * 5


def test_what_is_half_written_is_no_checkpoint_and_is_tidied(new_folder):
  save(new_folder, 1)
  for name in (
    "ckpt-2.data-00000-of-00001",
    "ckpt-2_temp/part-00000-of-00001.data-00000-of-00001",
    "ckpt-1.data-00000-of-00001.tempstate123",
  ):
    path = tf.io.gfile.join(new_folder, "checkpoints", name)
    files.write_atomically(path, b"half")
  assert [each.step for each in checkpoints.list_checkpoints(new_folder)] == [1]
  checkpoints.tidy(new_folder)
  names = tf.io.gfile.listdir(tf.io.gfile.join(new_folder, "checkpoints"))
  assert sorted(name.rstrip("/") for name in names) == [
    "ckpt-1.data-00000-of-00001",
    "ckpt-1.index",
  ]
  assert checkpoints.read_newest(State().checkpoint, new_folder).step == 1


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path):
  folder = tmp_path / "disk"
  folder.mkdir()
  mounted = subprocess.run(
    ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)],
    capture_output=True,
    text=True,
    check=False,
  )
  if mounted.returncode:
    pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
  yield folder
  subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_the_save_and_leaves_the_older(small_disk):
  logdir = str(small_disk / "run")
  save(logdir, 1, 2)
  filler = pathlib.Path(small_disk / "filler")
  with pytest.raises(OSError, match="No space left"):
    filler.write_bytes(bytes(10**6))
  state = State(3.0)
  with pytest.raises(OSError, match="disk full.*steps 1, 2 are there") as error:
    checkpoints.write(state.checkpoint, logdir, 3, keep=3)
  assert logdir in str(error.value)
  assert [each.step for each in checkpoints.list_checkpoints(logdir)] == [1, 2]
  assert len(list(small_disk.glob("run/checkpoints/*"))) == 4
  assert checkpoints.read_newest(State().checkpoint, logdir).step == 2
  # There is space again.
  filler.unlink()
  checkpoints.write(state.checkpoint, logdir, 3, keep=3)
  assert checkpoints.read_newest(State().checkpoint, logdir).step == 3
