# SPDX-License-Identifier: Apache-2.0
"""Description of a run in its log folder, `run.json`."""

import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf import files
from lurl_tf.json_fields import from_json
from lurl_tf.meta.train_config import MetaTrainConfig

DESCRIPTION_FILE = "run.json"

# Fields of older configs that are gone, with the only value that still works.
_DROPPED = {
  ("accumulate",): 1,
  ("rollback_rate_factor",): 0.5,
  ("unroll", "late_loss_power"): 0.0,
  ("unroll", "keep_products"): False,
}


class RunDescription(NamedTuple):
  """Description of a run.

  Attributes:
    tasks: Name of its task distribution.
    config: `MetaTrainConfig` of the run.
  """

  tasks: str
  config: MetaTrainConfig


def read_description(logdir: str | os.PathLike[str]) -> RunDescription:
  """Reads the description of a run.

  Args:
    logdir: Log folder of the run.

  Returns:
    `RunDescription`.

  Raises:
    FileNotFoundError: If the folder holds no run.
    ValueError: If the description is damaged or of another version.
  """
  fields = read_fields(logdir)
  try:
    config = from_json(MetaTrainConfig, fields["config"])
    return RunDescription(fields["tasks"], config)
  except (ValueError, KeyError) as error:
    raise _damaged(logdir, error) from error


def read_fields(logdir: str | os.PathLike[str]) -> dict[str, Any]:
  """Reads the description of a run as JSON.

  Args:
    logdir: Log folder of the run.

  Returns:
    JSON object with all fields of the current version.

  Raises:
    FileNotFoundError: If the folder holds no run.
    ValueError: If the description is damaged.
  """
  try:
    fields = json.loads(files.read_bytes(_path(logdir)))
    _remove_dropped(fields["config"])
    return complete(fields)
  except FileNotFoundError as error:
    raise FileNotFoundError(
      "Expected the log folder of a meta-training run, which holds "
      f"{DESCRIPTION_FILE}. Received: {os.fspath(logdir)!r}"
    ) from error
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise _damaged(logdir, error) from error


def read_config_fields(
  logdir: str | os.PathLike[str], names: Iterable[str]
) -> dict[str, Any]:
  """Reads some fields of a run's config.

  Args:
    logdir: Log folder; it need not exist.
    names: Names of fields of `MetaTrainConfig`.

  Returns:
    Dict from name to value; empty if the folder holds no run.

  Raises:
    ValueError: If the description is damaged.
  """
  if not tf.io.gfile.exists(_path(logdir)):
    return {}
  config = read_fields(logdir)["config"]
  return {name: config[name] for name in names}


def complete(fields: dict[str, Any]) -> dict[str, Any]:
  """Fills in absent fields of a description with their defaults.

  Args:
    fields: JSON object.
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
  """Lists the fields in which two descriptions differ.

  Args:
    one: JSON object.
    other: JSON object.
    prefix: Text in front of the names.

  Returns:
    List of texts such as `name: old became new`.
  """
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


def _remove_dropped(config: dict[str, Any]) -> None:
  """Removes fields that are gone, unless they had another effect."""
  current = MetaTrainConfig().to_json()
  for (*path, name), default in _DROPPED.items():
    fields, known = config, current
    for part in path:
      fields, known = fields.get(part, {}), known[part]
    if name in known or name not in fields:
      continue
    value = fields.pop(name)
    if value != default:
      raise ValueError(
        f"`{'.'.join((*path, name))}` is gone; only runs with {default} can be "
        f"read. Received: {name}={value}"
      )


def _path(logdir) -> str:
  return tf.io.gfile.join(os.fspath(logdir), DESCRIPTION_FILE)


def _damaged(logdir, error) -> ValueError:
  return ValueError(
    "A run's description must be whole, and of this version. Received: "
    f"{_path(logdir)}, {error}"
  )
