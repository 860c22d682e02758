# SPDX-License-Identifier: Apache-2.0
"""Replacement of a folder of files as a whole."""

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Collection, Iterator

Path = str | os.PathLike[str]


def current(path: Path) -> pathlib.Path:
  """Finds the folder to read for `path`.

  Args:
    path: Path of a folder that `replaced` writes.

  Returns:
    The folder itself; or its older version, if a program was stopped between
    the last two steps of replacing it.
  """
  folder = pathlib.Path(path).resolve()
  if not folder.exists() and _previous(folder).is_dir():
    return _previous(folder)
  return folder


def check_writable(path: Path, files: Collection[str]) -> None:
  """Raises an error if `replaced` would.

  Args:
    path: Path of the folder to make or replace.
    files: Names of the files that an older folder may hold.

  Raises:
    FileExistsError: If `path` holds other files than `files`.
    OSError: If `path` cannot be written.
  """
  _make_beside(pathlib.Path(path).resolve(), files).rmdir()


@contextlib.contextmanager
def replaced(path: Path, files: Collection[str]) -> Iterator[pathlib.Path]:
  """Makes an empty folder, which replaces `path` at the end of the block.

  An error within the block leaves `path` unchanged. At any moment,
  `current(path)` is complete, in the older or the new version.

  Args:
    path: Path of the folder to make or replace.
    files: Names of the files that an older folder may hold.

  Yields:
    The folder to write into, which is beside `path`.

  Raises:
    FileExistsError: If `path` holds other files than `files`.
    OSError: If `path` cannot be written.
  """
  folder = pathlib.Path(path).resolve()
  new_folder = _make_beside(folder, files)
  try:
    yield new_folder
    if folder.exists():
      # Two renames, since no portable call exchanges two folders.
      shutil.rmtree(_previous(folder), ignore_errors=True)
      folder.rename(_previous(folder))
    new_folder.rename(folder)
    shutil.rmtree(_previous(folder), ignore_errors=True)
  finally:
    shutil.rmtree(new_folder, ignore_errors=True)


def _make_beside(folder: pathlib.Path, files: Collection[str]) -> pathlib.Path:
  is_other_file = folder.exists() and not folder.is_dir()
  if is_other_file or (
    folder.is_dir() and {entry.name for entry in folder.iterdir()} - set(files)
  ):
    raise FileExistsError(
      "Expected a new folder, or one to replace that holds nothing but "
      f"{', '.join(files)}. Received: path={str(folder)!r}"
    )
  new_folder = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
  try:
    new_folder.mkdir(parents=True)
  except OSError as error:
    raise type(error)(
      f"Expected a place that can be written ({error.strerror}). "
      f"Received: path={str(folder)!r}"
    ) from error
  return new_folder


def _previous(folder: pathlib.Path) -> pathlib.Path:
  return folder.with_name(f".{folder.name}.previous")
