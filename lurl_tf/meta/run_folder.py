# SPDX-License-Identifier: Apache-2.0
"""A run's log folder: its description, checkpoints and the resulting rule."""

import json
import os
import pathlib
import tempfile
from typing import Any

import tensorflow as tf

from lurl_tf.presets.catalogue import FOLDER_IN_RUN

DESCRIPTION_FILE = "run.json"
CHECKPOINT_FOLDER = "checkpoints"
CHECKPOINTS_KEPT = 3
BEST_RULE_FOLDER = "best_rule"


class RunFolder:
  """Keeps a run in a folder, so that it can stop and go on.

  Args:
    path: the log folder; made if it is missing.
    description: all that decides the run, as JSON has it.
    defaults: what it means if an older version's description lacks a field.

  Raises:
    OSError: if the folder cannot be written.
    ValueError: if the folder holds a run of another description; names the
      differing fields, and leaves the folder as it is.
  """

  def __init__(
    self,
    path: str | os.PathLike[str],
    description: dict[str, Any],
    defaults: dict[str, Any] | None = None,
  ):
    self.path = pathlib.Path(path)
    _check_writable(self.path)
    file = self.path / DESCRIPTION_FILE
    if file.exists():
      held = _completed(json.loads(file.read_text()), defaults or {})
      differing = differing_fields(held, description)
      if differing:
        raise ValueError(
          f"{self.path} holds a run of another configuration; choose another "
          f"log folder, or the same flags. Received: {'; '.join(differing)}"
        )
    else:
      partial = file.with_suffix(".partial")
      partial.write_text(json.dumps(description, indent=2) + "\n")
      partial.replace(file)
    self._manager: tf.train.CheckpointManager | None = None
    self._step: tf.Variable | None = None
    self._saved_step: int | None = None
    self._seconds = tf.Variable(0.0, dtype=tf.float64)

  @property
  def rule_path(self) -> pathlib.Path:
    """Where the run's rule is kept as a preset folder."""
    return self.path / FOLDER_IN_RUN

  @property
  def best_rule_path(self) -> pathlib.Path:
    """Where the rule is kept that did best on held-out tasks."""
    return self.path / BEST_RULE_FOLDER

  @property
  def seconds(self) -> float:
    """Time spent on the run up to the checkpoint that was restored."""
    return float(self._seconds)

  def restore(self, checkpoint: tf.train.Checkpoint, step: tf.Variable) -> bool:
    """Brings a run's state back, if the folder holds one.

    Args:
      checkpoint: all state of the run.
      step: its step counter, for the names of checkpoints.

    Returns:
      Whether there was a checkpoint.
    """
    whole = tf.train.Checkpoint(run=checkpoint, seconds=self._seconds)
    self._manager = tf.train.CheckpointManager(
      whole,
      os.fspath(self.path / CHECKPOINT_FOLDER),
      max_to_keep=CHECKPOINTS_KEPT,
    )
    self._step = step
    latest = self._manager.latest_checkpoint
    if latest is None:
      return False
    whole.restore(latest).assert_consumed()
    self._saved_step = int(step)
    return True

  def save(self, seconds: float) -> None:
    """Writes a checkpoint, unless the last one is of this step.

    Args:
      seconds: time spent on the run so far.
    """
    if self._saved_step == int(self._step):
      return
    self._seconds.assign(seconds)
    self._manager.save(checkpoint_number=int(self._step))
    self._saved_step = int(self._step)


def differing_fields(
  one: dict[str, Any], other: dict[str, Any], prefix: str = ""
) -> list[str]:
  """Fields in which two descriptions differ, as `name: old became new`."""
  differing = []
  for name in sorted({*one, *other}):
    first, second = one.get(name), other.get(name)
    if isinstance(first, dict) and isinstance(second, dict):
      differing += differing_fields(first, second, f"{prefix}{name}.")
    elif first != second:
      differing.append(f"{prefix}{name}: {first} became {second}")
  return differing


def _completed(
  description: dict[str, Any], defaults: dict[str, Any]
) -> dict[str, Any]:
  """The description, with defaults where it has no field."""
  completed = {**defaults, **description}
  for name, default in defaults.items():
    if isinstance(default, dict) and isinstance(completed[name], dict):
      completed[name] = _completed(completed[name], default)
  return completed


def _check_writable(path: pathlib.Path) -> None:
  try:
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path) as probe:
      probe.write(b"x")
  except OSError as error:
    raise OSError(
      f"The log folder must be a folder that can be written ({error}). "
      f"Received: {os.fspath(path)!r}"
    ) from error
