# SPDX-License-Identifier: Apache-2.0
"""Preset folders: configuration, weights and model card of a rule.

A preset folder holds `config.json` (the fields of `RuleConfig`),
`rule.weights.h5` (every array under its name, and the names in order) and
`metadata.json` (the fields of `PresetMetadata`, the model card).
"""

import dataclasses
import hashlib
import importlib.metadata
import io
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import h5py
import numpy as np
import tensorflow as tf

from lurl_tf import files
from lurl_tf.json_fields import from_json
from lurl_tf.presets import folder as preset_folder
from lurl_tf.presets.metadata import PresetMetadata, read_metadata
from lurl_tf.structures import RuleConfig

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "rule.weights.h5"
METADATA_FILE = "metadata.json"
FILES = (CONFIG_FILE, WEIGHTS_FILE, METADATA_FILE)

_NAMES_ATTRIBUTE = "names"
_Fields = TypeVar("_Fields", RuleConfig, PresetMetadata)


class StoredPreset(NamedTuple):
  """Contents of a preset folder.

  Attributes:
    config: `RuleConfig` of the rule.
    arrays: Theta, each array under its name, in order.
    metadata: `PresetMetadata` of the rule.
  """

  config: RuleConfig
  arrays: dict[str, np.ndarray]
  metadata: PresetMetadata


def save(
  path: str | os.PathLike[str],
  config: RuleConfig,
  arrays: Mapping[str, np.ndarray],
  metadata: PresetMetadata | None = None,
) -> None:
  """Writes a preset folder as a whole.

  The files are written into a folder beside `path`, which then replaces it. An
  older preset can be loaded until that moment. In a bucket, folders cannot be
  renamed: `load` raises an error between the first file and the last.

  Args:
    path: Path of the folder to make, or of a preset folder to replace, on any
      file system of TensorFlow such as `gs://`.
    config: `RuleConfig` of the rule.
    arrays: Theta, each array under its name, in order.
    metadata: `PresetMetadata` of the rule, whose `library_version` and
      `checksum` are filled in.

  Raises:
    ValueError: If there is no array, or one is not of a float type.
    FileExistsError: If `path` holds other files than a preset.
    OSError: If `path` cannot be written.
  """
  if not arrays:
    raise ValueError(f"A preset needs arrays. Received: arrays={arrays!r}")
  for name, array in arrays.items():
    if not np.issubdtype(array.dtype, np.floating):
      raise ValueError(
        "Arrays of a preset must be of a float type. "
        f"Received: arrays[{name!r}].dtype={array.dtype}"
      )
  metadata = dataclasses.replace(
    metadata or PresetMetadata(),
    library_version=_library_version(),
    checksum=checksum(arrays),
  )
  contents = {
    CONFIG_FILE: _json_bytes(config),
    WEIGHTS_FILE: _hdf5_bytes(arrays),
    METADATA_FILE: _json_bytes(metadata),
  }
  if files.is_local(path):
    with preset_folder.replaced(path, FILES) as new_folder:
      for name, content in contents.items():
        (new_folder / name).write_bytes(content)
    return
  # Buckets cannot rename folders. The checksum is written last: until then, it
  # does not fit the weights.
  for name, content in contents.items():
    files.write_atomically(tf.io.gfile.join(os.fspath(path), name), content)


def load(path: str | os.PathLike[str]) -> StoredPreset:
  """Reads a preset folder, and checks it against its checksum.

  A field that is absent from the JSON files takes its default.

  Args:
    path: Path of the preset folder; `find` returns those of shipped rules.

  Returns:
    `StoredPreset`.

  Raises:
    FileNotFoundError: If files are missing; names them.
    ValueError: If a file is damaged, a field is unknown or has a wrong value,
      or the weights are not those that were saved.
  """
  folder = os.fspath(path)
  if files.is_local(path):
    folder = os.fspath(preset_folder.current(path))
  paths = {file: tf.io.gfile.join(folder, file) for file in FILES}
  missing = [file for file in FILES if not tf.io.gfile.exists(paths[file])]
  if missing:
    raise FileNotFoundError(
      f"A preset folder holds {', '.join(FILES)}. Missing: "
      f"{', '.join(missing)}. Received: path={os.fspath(path)!r}"
    )
  config = _read_json(
    paths[CONFIG_FILE], lambda fields: from_json(RuleConfig, fields)
  )
  metadata = _read_json(paths[METADATA_FILE], read_metadata)
  arrays = _read_arrays(paths[WEIGHTS_FILE])
  found = checksum(arrays)
  if found != metadata.checksum:
    raise ValueError(
      f"{paths[WEIGHTS_FILE]} does not hold the weights that were saved: "
      f"expected the checksum {metadata.checksum!r} of {METADATA_FILE}. "
      f"Received: checksum={found!r}"
    )
  return StoredPreset(config, arrays, metadata)


def check_writable(path: str | os.PathLike[str]) -> None:
  """Raises an error if `save` would, for a check before a long run.

  Args:
    path: Path of the folder to make, or of a preset folder to replace.

  Raises:
    FileExistsError: If `path` holds other files than a preset.
    OSError: If `path` cannot be written.
  """
  if files.is_local(path):
    preset_folder.check_writable(path, FILES)
  else:
    files.check_folder_writable(path)


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
  """Computes SHA-256 of named arrays: names, shapes, types, bytes and order.

  It depends on the numbers, not on the version of HDF5 or the byte order of the
  machine.

  Args:
    arrays: Mapping from names to arrays.

  Returns:
    64 hexadecimal digits.
  """
  digest = hashlib.sha256()
  for name, array in arrays.items():
    little_endian = array.dtype.newbyteorder("<")
    header = json.dumps([name, little_endian.str, array.shape])
    digest.update(header.encode())
    digest.update(array.astype(little_endian).tobytes())
  return digest.hexdigest()


def _library_version() -> str:
  try:
    return importlib.metadata.version("lurl_tf")
  except importlib.metadata.PackageNotFoundError:
    return "not installed"


def _json_bytes(fields: _Fields) -> bytes:
  return (json.dumps(dataclasses.asdict(fields), indent=2) + "\n").encode()


def _hdf5_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
  buffer = io.BytesIO()
  with h5py.File(buffer, "w") as weights:
    weights.attrs[_NAMES_ATTRIBUTE] = list(arrays)
    for name, array in arrays.items():
      weights.create_dataset(name, data=array)
  return buffer.getvalue()


def _read_json(file: str, read: Callable[[Any], _Fields]) -> _Fields:
  try:
    fields = json.loads(files.read_bytes(file))
  except ValueError as error:
    raise ValueError(f"{file} is not valid JSON: {error}") from error
  try:
    return read(fields)
  except ValueError as error:
    raise ValueError(f"{file}: {error}") from error


def _read_arrays(file: str) -> dict[str, np.ndarray]:
  try:
    with h5py.File(io.BytesIO(files.read_bytes(file)), "r") as weights:
      return {
        name: weights[name][()] for name in weights.attrs[_NAMES_ATTRIBUTE]
      }
  except (OSError, KeyError, RuntimeError) as error:
    raise ValueError(
      f"{file} is damaged or was not written whole: {error}"
    ) from error
