# SPDX-License-Identifier: Apache-2.0
"""A run's checkpoints in its folder: which there are, which can be read."""

import contextlib
import re
import uuid
import warnings
from typing import NamedTuple

import tensorflow as tf

FOLDER = "checkpoints"
_INDEX_FILE = re.compile(r"ckpt-(\d+)\.index")
_DAMAGE = (tf.errors.OpError, ValueError, RuntimeError, OSError, LookupError)


class SavedCheckpoint(NamedTuple):
  """A checkpoint in a run's folder.

  Attributes:
    step: outer steps done.
    prefix: what `tf.train.Checkpoint.read` takes.
  """

  step: int
  prefix: str


def list_checkpoints(logdir: str) -> list[SavedCheckpoint]:
  """The checkpoints of a run, oldest first.

  They are found by their index, which is written last, and not by TensorFlow's
  list in the file `checkpoint`.

  Args:
    logdir: the run's folder.

  Returns:
    `SavedCheckpoint`s; they may be damaged.
  """
  folder = tf.io.gfile.join(logdir, FOLDER)
  names = tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []
  steps = sorted(int(m[1]) for m in map(_INDEX_FILE.fullmatch, names) if m)
  return [SavedCheckpoint(step, _prefix(logdir, step)) for step in steps]


def read_newest(
  checkpoint: tf.train.Checkpoint, logdir: str
) -> SavedCheckpoint | None:
  """Brings back the newest state that can be read.

  All of a checkpoint is read and checked before a variable is assigned.

  Args:
    checkpoint: what to restore.
    logdir: the run's folder.

  Returns:
    The checkpoint that was read; None if there is none.

  Raises:
    ValueError: if no checkpoint can be read, or the newest that can is of
      other variables; then nothing was assigned.
  """
  damaged = []
  for saved in reversed(list_checkpoints(logdir)):
    try:
      shapes = _verified_shapes(saved.prefix)
    except _DAMAGE as error:
      damaged.append(f"{saved.prefix} ({_first_line(error)})")
      continue
    _check_variables(saved.prefix, shapes, _shapes_of(checkpoint))
    checkpoint.read(saved.prefix).assert_consumed()
    if damaged:
      warnings.warn(
        f"Damaged: {'; '.join(damaged)}. Going on from {saved.prefix}.",
        RuntimeWarning,
        stacklevel=2,
      )
    return saved
  if damaged:
    raise ValueError(
      f"A run's checkpoints must be readable. Received: {'; '.join(damaged)}"
    )
  return None


def write(
  checkpoint: tf.train.Checkpoint, logdir: str, step: int, keep: int
) -> SavedCheckpoint:
  """Writes a checkpoint, then removes those that are too old.

  Args:
    checkpoint: what to save.
    logdir: the run's folder.
    step: outer steps done; no other checkpoint may have it.
    keep: how many checkpoints to keep.

  Returns:
    The checkpoint that was written.

  Raises:
    OSError: if it cannot be written; the older ones are left.
  """
  saved = SavedCheckpoint(step, _prefix(logdir, step))
  try:
    checkpoint.write(saved.prefix)
  except (tf.errors.OpError, OSError) as error:
    older = [str(each.step) for each in list_checkpoints(logdir)]
    older = [each for each in older if each != str(step)]
    with contextlib.suppress(tf.errors.OpError):
      _remove(saved)
      tidy(logdir)
    raise OSError(
      f"The checkpoint of step {step} could not be written to {logdir}; is the "
      f"disk full? Those of steps {', '.join(older) or 'none'} are there. "
      f"Received: {_first_line(error)}"
    ) from error
  for old in list_checkpoints(logdir)[:-keep]:
    _remove(old)
  return saved


def tidy(logdir: str) -> None:
  """Removes what a process that was killed left half-written."""
  folder = tf.io.gfile.join(logdir, FOLDER)
  if not tf.io.gfile.isdir(folder):
    return
  whole = tuple(
    f"ckpt-{saved.step}.{kind}"
    for saved in list_checkpoints(logdir)
    for kind in ("index", "data-")
  )
  for name in tf.io.gfile.listdir(folder):
    is_part = name.startswith(whole) and "tempstate" not in name
    if not name.startswith("ckpt-") or is_part:
      continue
    path = tf.io.gfile.join(folder, name)
    if tf.io.gfile.isdir(path):
      tf.io.gfile.rmtree(path)
    else:
      tf.io.gfile.remove(path)


def _prefix(logdir, step):
  return tf.io.gfile.join(logdir, FOLDER, f"ckpt-{step}")


def _remove(saved):
  """The index goes first: without it there is no checkpoint."""
  for pattern in (".index", ".data-*"):
    for path in tf.io.gfile.glob(saved.prefix + pattern):
      tf.io.gfile.remove(path)


def _reader(prefix):
  # `tf.train.load_checkpoint` finds nothing on ram://.
  return tf.compat.v1.train.NewCheckpointReader(prefix)


def _verified_shapes(prefix):
  """Shapes by name, once all arrays were read, with their checksums."""
  reader = _reader(prefix)
  shapes = reader.get_variable_to_shape_map()
  for name in shapes:
    reader.get_tensor(name)
  return shapes


def _shapes_of(checkpoint):
  """The same for what is in memory."""
  prefix = f"ram://lurl_tf-{uuid.uuid4().hex}/state"
  checkpoint.write(prefix)
  try:
    return _reader(prefix).get_variable_to_shape_map()
  finally:
    for path in tf.io.gfile.glob(f"{prefix}*"):
      tf.io.gfile.remove(path)


def _check_variables(prefix, held, expected):
  graph = "_CHECKPOINTABLE_OBJECT_GRAPH"
  differing = [
    f"{name}: {held.get(name, 'missing')} instead of "
    f"{expected.get(name, 'none')}"
    for name in sorted({*held, *expected} - {graph})
    if held.get(name) != expected.get(name)
  ]
  if differing:
    raise ValueError(
      f"{prefix} holds the state of another version or configuration of "
      f"lurl_tf. Received: {'; '.join(differing[:3])}"
      f"{f', and {len(differing) - 3} more' if len(differing) > 3 else ''}"
    )


def _first_line(error):
  return str(getattr(error, "message", error)).partition("\n")[0][:200]
