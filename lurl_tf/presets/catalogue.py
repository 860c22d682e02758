# SPDX-License-Identifier: Apache-2.0
"""Names of the shipped rules, and the folders of rules by name or path.

Shipped presets are rules to use; their names are listed by `available`. Starts
are rules to begin a meta-training from; their names begin with `starts/`, and
`available` does not list them.
"""

import os
import pathlib

import tensorflow as tf

from lurl_tf import files
from lurl_tf.presets import folder as preset_folder
from lurl_tf.presets.storage import FILES

SHIPPED = pathlib.Path(__file__).parent / "shipped"
STARTS = pathlib.Path(__file__).parent / "starts"
STARTS_PREFIX = "starts/"
DEFAULT_FILE = "DEFAULT"
FOLDER_IN_RUN = "rule"

# Names of earlier versions.
ALIASES = {"imitation": "starts/pooled"}


def available() -> tuple[str, ...]:
  """Names of the shipped presets, sorted.

  Returns:
    Names that `find` resolves; empty if none is shipped. Starts are left out:
    see `starts`.

  Example:

  >>> lurl_tf.presets.available()
  ('pooled', 'published_mixing')
  """
  return _names_in(SHIPPED)


def starts() -> tuple[str, ...]:
  """Names of the shipped starts of a meta-training, sorted.

  Returns:
    Names that `find` resolves, such as `"starts/pooled"`.
  """
  return tuple(f"{STARTS_PREFIX}{name}" for name in _names_in(STARTS))


def default() -> str:
  """Name of the default preset, which the file `shipped/DEFAULT` holds.

  Returns:
    One of `available()`.

  Raises:
    LookupError: If no preset is shipped, or the file does not name one of them.
  """
  names = available()
  if not names:
    raise LookupError(
      f"Expected a shipped preset in {SHIPPED}. Received: no presets"
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
  """Finds the preset folder of a name or a path.

  A shipped name always means the shipped preset or start; write `./name` for a
  folder of that name.

  Args:
    name_or_path: Name of a shipped preset or start, path of a preset folder, or
      log folder of a meta-training run, which holds its rule in `rule/`; also
      on `gs://`.

  Returns:
    A folder with at least one of a preset's files; `load` checks the rest.

  Raises:
    FileNotFoundError: If there is no such preset; names the available ones.
  """
  name = os.fspath(name_or_path)
  name = ALIASES.get(name, name)
  names, start_names = available(), starts()
  if name in names:
    return SHIPPED / name
  if name in start_names:
    return STARTS / name.removeprefix(STARTS_PREFIX)
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
    f"Shipped starts: {', '.join(start_names) or 'none'}. "
    f"No preset in: {', '.join(shown)}"
  )


def _names_in(folder: pathlib.Path) -> tuple[str, ...]:
  if not folder.is_dir():
    return ()
  return tuple(sorted(p.name for p in folder.iterdir() if _is_preset(p)))


def _is_preset(folder: str | pathlib.Path) -> bool:
  if files.is_local(folder):
    folder = os.fspath(preset_folder.current(folder))
  return any(
    tf.io.gfile.exists(tf.io.gfile.join(folder, file)) for file in FILES
  )
