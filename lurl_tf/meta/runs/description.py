# SPDX-License-Identifier: Apache-2.0
"""What a run's folder says of the run, in today's words."""

import json
import os
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf import files
from lurl_tf.json_fields import from_json
from lurl_tf.meta.train_config import MetaTrainConfig

DESCRIPTION_FILE = "run.json"


class RunDescription(NamedTuple):
  """What a run's folder says of it.

  Attributes:
    tasks: name of its task distribution.
    config: the run.
  """

  tasks: str
  config: MetaTrainConfig


def read_description(logdir: str | os.PathLike[str]) -> RunDescription:
  """Reads what run a folder holds.

  Args:
    logdir: the run's folder.

  Returns:
    `RunDescription`.

  Raises:
    FileNotFoundError: if the folder holds no run.
    ValueError: if the description is damaged, or of another version.
  """
  fields = read_fields(logdir)
  try:
    config = from_json(MetaTrainConfig, fields["config"])
    return RunDescription(fields["tasks"], config)
  except (ValueError, KeyError) as error:
    raise _not_whole(logdir, error) from error


def read_fields(logdir: str | os.PathLike[str]) -> dict[str, Any]:
  """Reads a run's description as JSON has it.

  Args:
    logdir: the run's folder.

  Returns:
    The JSON object, as today's version would have written it.

  Raises:
    FileNotFoundError: if the folder holds no run.
    ValueError: if the description is damaged.
  """
  try:
    fields = json.loads(files.read_bytes(_path(logdir)))
    _rename(fields["config"].get("unroll", {}))
    return complete(fields)
  except FileNotFoundError as error:
    raise FileNotFoundError(
      "Expected the log folder of a meta-training run, which holds "
      f"{DESCRIPTION_FILE}. Received: {os.fspath(logdir)!r}"
    ) from error
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise _not_whole(logdir, error) from error


def complete(fields: dict[str, Any]) -> dict[str, Any]:
  """A description, with what it means if an older one lacks a field.

  Args:
    fields: as JSON has them.
  """
  return _completed(
    fields,
    {
      "replicas": 1,
      "initial_rule": None,
      "config": MetaTrainConfig().to_json(),
    },
  )


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


def _completed(fields, defaults) -> dict[str, Any]:
  whole = {**defaults, **fields}
  for name, default in defaults.items():
    if isinstance(default, dict) and isinstance(whole[name], dict):
      whole[name] = _completed(whole[name], default)
  return whole


def _rename(unroll: dict[str, Any]) -> None:
  """Names one choice of three, which were two booleans."""
  anew = unroll.get("recompute")
  if isinstance(anew, bool):
    kept = unroll.pop("keep_products", False)
    unroll["recompute"] = (
      "never" if not anew else "elementwise" if kept else "always"
    )


def _path(logdir) -> str:
  return tf.io.gfile.join(os.fspath(logdir), DESCRIPTION_FILE)


def _not_whole(logdir, error) -> ValueError:
  return ValueError(
    "A run's description must be whole, and of this version. Received: "
    f"{_path(logdir)}, {error}"
  )
