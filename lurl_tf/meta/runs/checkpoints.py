# SPDX-License-Identifier: Apache-2.0
"""Checkpoints in the folder of a run: lists, reads, writes and removes them."""

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
    step: Integer number of outer steps done.
    prefix: Path prefix of its files, for `tf.train.Checkpoint.read`.
  """

  step: int
  prefix: str


def list_checkpoints(logdir: str) -> list[SavedCheckpoint]:
  """Lists the checkpoints of a run, oldest first.

  A checkpoint is recognized by its index, which is written last; the file
  `checkpoint` of TensorFlow is not used.

  Args:
    logdir: Log folder of the run.

  Returns:
    List of `SavedCheckpoint`s, some of which may be damaged.
  """
  folder = tf.io.gfile.join(logdir, FOLDER)
  names = tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []
  steps = sorted(int(m[1]) for m in map(_INDEX_FILE.fullmatch, names) if m)
  return [SavedCheckpoint(step, _prefix(logdir, step)) for step in steps]


def read_newest(
  checkpoint: tf.train.Checkpoint, logdir: str
) -> SavedCheckpoint | None:
  """Restores the newest checkpoint that can be read.

  The whole checkpoint is read and checked before a variable is assigned.

  Args:
    checkpoint: `tf.train.Checkpoint` of the variables to restore.
    logdir: Log folder of the run.

  Returns:
    The `SavedCheckpoint` that was read; None if the folder holds none.

  Raises:
    ValueError: If all checkpoints are damaged, or the newest readable one holds
      other variables; no variable was assigned.
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
        f"Damaged: {'; '.join(damaged)}. Resuming from {saved.prefix}.",
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
  """Writes a checkpoint, then removes the oldest ones.

  Args:
    checkpoint: `tf.train.Checkpoint` of the variables to save.
    logdir: Log folder of the run.
    step: Integer number of outer steps done; no other checkpoint may have it.
    keep: Integer number of checkpoints to keep.

  Returns:
    The `SavedCheckpoint` that was written.

  Raises:
    OSError: If it cannot be written; the older ones are kept.
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
  """Removes the incomplete files of a process that was killed.

  Args:
    logdir: Log folder of the run.
  """
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
  """Removes the files of a checkpoint, the index first."""
  for pattern in (".index", ".data-*"):
    for path in tf.io.gfile.glob(saved.prefix + pattern):
      tf.io.gfile.remove(path)


def _reader(prefix):
  # `tf.train.load_checkpoint` finds nothing on ram://.
  return tf.compat.v1.train.NewCheckpointReader(prefix)


def _verified_shapes(prefix):
  """Shapes by name, after all arrays and their checksums were read."""
  reader = _reader(prefix)
  shapes = reader.get_variable_to_shape_map()
  for name in shapes:
    reader.get_tensor(name)
  return shapes


def _shapes_of(checkpoint):
  """Shapes by name of the variables in memory."""
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
