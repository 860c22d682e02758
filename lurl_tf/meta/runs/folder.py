# SPDX-License-Identifier: Apache-2.0
"""Log folder of a run: its description, checkpoints and rules."""

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
KEPT_RULES_FOLDER = "rules"
TENSORBOARD_FOLDER = "tensorboard"


class RunFolder:
  """Keeps a run in a folder, so that it can be stopped and resumed.

  Only one process at a time can hold a folder. It is a context manager that
  releases the folder at the end.

  Args:
    path: Path of the log folder, on any file system of TensorFlow; it need not
      exist.
    description: JSON object of everything that decides the run; its object
      `config` is that of a `MetaTrainConfig`.
    lock: Whether to hold the folder; without it nothing is written.

  Raises:
    OSError: If the folder cannot be written.
    ValueError: If another process holds the folder, or the folder holds a run
      with another description. The error lists the differing fields; the folder
      is unchanged.
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
    """Releases the folder for other processes."""
    if self._lock is not None:
      self._lock.release()

  @property
  def rule_path(self) -> str:
    """Preset folder of the run's rule."""
    return self._join(FOLDER_IN_RUN)

  @property
  def best_rule_path(self) -> str:
    """Preset folder of the rule with the lowest validation loss."""
    return self._join(BEST_RULE_FOLDER)

  def kept_rule_path(self, step: int) -> str:
    """Preset folder of the rule that was kept at an outer step."""
    return tf.io.gfile.join(self.path, KEPT_RULES_FOLDER, f"step_{step}")

  @property
  def tensorboard_path(self) -> str:
    """Folder of the curves for TensorBoard."""
    return self._join(TENSORBOARD_FOLDER)

  @property
  def seconds(self) -> float:
    """Seconds spent on the run up to the restored checkpoint."""
    return float(self._seconds)

  def restore(self, checkpoint: tf.train.Checkpoint, step: tf.Variable) -> bool:
    """Restores the newest readable checkpoint, if the folder holds one.

    Args:
      checkpoint: `tf.train.Checkpoint` of all state of the run.
      step: Step counter in it, for the names of checkpoints.

    Returns:
      Whether a checkpoint was restored.

    Raises:
      ValueError: If the checkpoints are damaged or hold other variables.
    """
    self._whole = tf.train.Checkpoint(run=checkpoint, seconds=self._seconds)
    self._step = step
    saved = checkpoints.read_newest(self._whole, self.path)
    if saved is None:
      return False
    self._saved_step = int(step)
    return True

  def save(self, seconds: float) -> None:
    """Writes a checkpoint, unless the last one is of the same step.

    Args:
      seconds: Seconds spent on the run so far.

    Raises:
      OSError: If it cannot be written; the older ones are kept.
      ValueError: If this process does not hold the folder.
    """
    if self._lock is None:
      raise ValueError(
        f"Only the process that holds a run's folder can save. Received: "
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
