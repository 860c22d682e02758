# SPDX-License-Identifier: Apache-2.0
"""A folder of files that is replaced as a whole."""

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Collection, Iterator

Path = str | os.PathLike[str]


def current(path: Path) -> pathlib.Path:
  """The folder to read for `path`.

  Args:
    path: a folder that `replaced` writes.

  Returns:
    The folder itself or, if a program was stopped between the last two steps
    of replacing it, the older one that was to be replaced.
  """
  folder = pathlib.Path(path).resolve()
  if not folder.exists() and _previous(folder).is_dir():
    return _previous(folder)
  return folder


def check_writable(path: Path, files: Collection[str]) -> None:
  """Raises the error that `replaced` would.

  Args:
    path: the folder to make or replace.
    files: names of the files that an older folder may hold.

  Raises:
    FileExistsError: if `path` holds anything but `files`.
    OSError: if `path` cannot be written.
  """
  _make_beside(pathlib.Path(path).resolve(), files).rmdir()


@contextlib.contextmanager
def replaced(path: Path, files: Collection[str]) -> Iterator[pathlib.Path]:
  """Context of an empty folder, which takes the place of `path` at the end.

  After an error within the context `path` is as it was before. At any moment
  `current(path)` is a whole folder, the older or the new one.

  Args:
    path: the folder to make or replace.
    files: names of the files that an older folder may hold.

  Yields:
    The folder to write into; it lies beside `path`.

  Raises:
    FileExistsError: if `path` holds anything but `files`.
    OSError: if `path` cannot be written.
  """
  folder = pathlib.Path(path).resolve()
  new_folder = _make_beside(folder, files)
  try:
    yield new_folder
    if folder.exists():
      # Two renames, as no portable call exchanges two folders in one step.
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
