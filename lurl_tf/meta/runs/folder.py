# SPDX-License-Identifier: Apache-2.0
"""A run's log folder: its description, checkpoints and the resulting rule."""

import json
import os
from typing import Any

import tensorflow as tf

from lurl_tf import files
from lurl_tf.meta.runs import checkpoints
from lurl_tf.meta.runs.description import (
  DESCRIPTION_FILE,
  complete,
  differing_fields,
  read_fields,
)
from lurl_tf.meta.runs.lock import RunLock
from lurl_tf.presets.catalogue import FOLDER_IN_RUN

CHECKPOINTS_KEPT = 3
BEST_RULE_FOLDER = "best_rule"
TENSORBOARD_FOLDER = "tensorboard"


class RunFolder:
  """Keeps a run in a folder, so that it can stop and go on.

  Only one process at a time can hold a folder. It is a context, which gives the
  folder free.

  Args:
    path: the log folder, on any file system that TensorFlow knows; made if it
      is missing.
    description: all that decides the run, as JSON has it; its object `config`
      is that of a `MetaTrainConfig`.
    lock: whether to hold the folder; without that nothing is written.

  Raises:
    OSError: if the folder cannot be written.
    ValueError: if another process holds the folder, or it holds a run of
      another description; names the differing fields, and leaves the folder as
      it is.
  """

  def __init__(
    self,
    path: str | os.PathLike[str],
    description: dict[str, Any],
    lock: bool = True,
  ):
    self.path = os.fspath(path)
    self._step: tf.Variable | None = None
    self._whole: tf.train.Checkpoint | None = None
    self._saved_step: int | None = None
    self._seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
    self._lock = None
    _check_description(self.path, description)
    if not lock:
      return
    try:
      files.check_folder_writable(self.path)
    except OSError as error:
      raise OSError(
        f"The log folder must be a folder that can be written ({error}). "
        f"Received: {self.path!r}"
      ) from error
    self._lock = RunLock(self.path)
    try:
      file = self._join(DESCRIPTION_FILE)
      if not tf.io.gfile.exists(file):
        text = json.dumps(description, indent=2) + "\n"
        files.write_atomically(file, text.encode())
      checkpoints.tidy(self.path)
    except BaseException:
      self.release()
      raise

  def __enter__(self) -> "RunFolder":
    return self

  def __exit__(self, *_) -> None:
    self.release()

  def release(self) -> None:
    """Gives the folder free for other processes."""
    if self._lock is not None:
      self._lock.release()

  @property
  def rule_path(self) -> str:
    """Where the run's rule is kept as a preset folder."""
    return self._join(FOLDER_IN_RUN)

  @property
  def best_rule_path(self) -> str:
    """Where the rule is kept that did best on held-out tasks."""
    return self._join(BEST_RULE_FOLDER)

  @property
  def tensorboard_path(self) -> str:
    """Where the curves are."""
    return self._join(TENSORBOARD_FOLDER)

  @property
  def seconds(self) -> float:
    """Time spent on the run up to the checkpoint that was restored."""
    return float(self._seconds)

  def restore(self, checkpoint: tf.train.Checkpoint, step: tf.Variable) -> bool:
    """Brings a run's newest readable state back, if the folder holds one.

    Args:
      checkpoint: all state of the run.
      step: its step counter, for the names of checkpoints.

    Returns:
      Whether there was a checkpoint.

    Raises:
      ValueError: if there are checkpoints, but none that can be read or that
        fits.
    """
    self._whole = tf.train.Checkpoint(run=checkpoint, seconds=self._seconds)
    self._step = step
    saved = checkpoints.read_newest(self._whole, self.path)
    if saved is None:
      return False
    self._saved_step = int(step)
    return True

  def save(self, seconds: float) -> None:
    """Writes a checkpoint, unless the last one is of this step.

    Args:
      seconds: time spent on the run so far.

    Raises:
      OSError: if it cannot be written; the older ones are left.
      ValueError: if the folder is not held.
    """
    if self._lock is None:
      raise ValueError(
        f"Only the process that holds a run's folder saves. Received: "
        f"{self.path!r} without its lock"
      )
    step = int(self._step)
    if self._saved_step == step:
      return
    self._seconds.assign(seconds)
    checkpoints.write(self._whole, self.path, step, CHECKPOINTS_KEPT)
    self._saved_step = step

  def _join(self, name: str) -> str:
    return tf.io.gfile.join(self.path, name)


def _check_description(path, description) -> None:
  if not tf.io.gfile.exists(tf.io.gfile.join(path, DESCRIPTION_FILE)):
    return
  differing = differing_fields(read_fields(path), complete(description))
  if differing:
    raise ValueError(
      f"{path} holds a run of another configuration; choose another log "
      f"folder, or the same flags. Received: {'; '.join(differing)}"
    )
