# SPDX-License-Identifier: Apache-2.0
"""Which rules are shipped, and where a rule asked for by name or path lies."""

import os
import pathlib

import tensorflow as tf

from lurl_tf import files
from lurl_tf.presets import folder as preset_folder
from lurl_tf.presets.storage import FILES

SHIPPED = pathlib.Path(__file__).parent / "shipped"
DEFAULT_FILE = "DEFAULT"
FOLDER_IN_RUN = "rule"


def available() -> tuple[str, ...]:
  """Names of the shipped presets, sorted.

  Returns:
    Names that `find` resolves; empty if none is shipped.
  """
  if not SHIPPED.is_dir():
    return ()
  return tuple(sorted(p.name for p in SHIPPED.iterdir() if _is_preset(p)))


def default() -> str:
  """Name of the shipped preset to use where none is asked for.

  The file `shipped/DEFAULT` holds it.

  Returns:
    One of `available()`.

  Raises:
    LookupError: if no preset is shipped, or the file does not name one of them.
  """
  names = available()
  if not names:
    raise LookupError(
      f"No preset is shipped with this copy of lurl_tf. Looked in: {SHIPPED}"
    )
  file = SHIPPED / DEFAULT_FILE
  name = file.read_text().strip() if file.is_file() else None
  if name not in names:
    raise LookupError(
      f"{file} must hold the name of a shipped preset, one of {list(names)}. "
      f"Received: {name!r}"
    )
  return name


def find(name_or_path: str | os.PathLike[str]) -> str | pathlib.Path:
  """The preset folder meant by a name or a path.

  A shipped name always means the shipped preset; write `./name` for a folder
  of that name.

  Args:
    name_or_path: a shipped preset's name, a preset folder, or the log folder
      of a meta-training run, which holds its rule in `rule/`; also on `gs://`.

  Returns:
    A folder with at least one of a preset's files; `load` checks the rest.

  Raises:
    FileNotFoundError: if there is no such preset; names the available ones.
  """
  names = available()
  if os.fspath(name_or_path) in names:
    return SHIPPED / name_or_path
  if files.is_local(name_or_path):
    folder = pathlib.Path(name_or_path)
    candidates = (folder, folder / FOLDER_IN_RUN)
    shown = [str(candidate.resolve()) for candidate in candidates]
  else:
    folder = os.fspath(name_or_path)
    candidates = shown = (folder, tf.io.gfile.join(folder, FOLDER_IN_RUN))
  for candidate in candidates:
    if _is_preset(candidate):
      return candidate
  raise FileNotFoundError(
    "Expected a shipped preset's name, a preset folder or a run's log folder. "
    f"Received: name_or_path={os.fspath(name_or_path)!r}. "
    f"Shipped presets: {', '.join(names) or 'none'}. "
    f"No preset in: {', '.join(shown)}"
  )


def _is_preset(folder: str | pathlib.Path) -> bool:
  if files.is_local(folder):
    folder = os.fspath(preset_folder.current(folder))
  return any(
    tf.io.gfile.exists(tf.io.gfile.join(folder, file)) for file in FILES
  )
