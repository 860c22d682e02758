# SPDX-License-Identifier: Apache-2.0
"""Files on every file system of TensorFlow: disks, gs://, ram://."""

import contextlib
import os
import uuid
from collections.abc import Iterator

import tensorflow as tf

Path = str | os.PathLike[str]


def is_local(path: Path) -> bool:
  """Returns whether a path is on a local file system."""
  return "://" not in os.fspath(path)


@contextlib.contextmanager
def os_errors(path: Path) -> Iterator[None]:
  """Turns errors of TensorFlow's file systems into OSErrors.

  Args:
    path: Path that the message names.

  Yields:
    None.

  Raises:
    FileNotFoundError: If a file or folder is missing.
    OSError: If another operation failed.
  """
  try:
    yield
  except tf.errors.NotFoundError as error:
    raise FileNotFoundError(f"{os.fspath(path)}: {error.message}") from error
  except tf.errors.OpError as error:
    raise OSError(f"{os.fspath(path)}: {error.message}") from error


def read_bytes(path: Path) -> bytes:
  """Reads a whole file.

  Args:
    path: Path of the file.

  Returns:
    Contents of the file.

  Raises:
    FileNotFoundError: If there is no such file.
    OSError: If it cannot be read.
  """
  with os_errors(path), tf.io.gfile.GFile(os.fspath(path), "rb") as file:
    return file.read()


def write_atomically(path: Path, content: bytes) -> None:
  """Writes a file so that readers see the old or the new one, never a part.

  Args:
    path: Path of the file; missing parent folders are made.
    content: Contents of the file.

  Raises:
    OSError: If it cannot be written; an old file is left as it was.
  """
  path = os.fspath(path)
  partial = f"{path}.{uuid.uuid4().hex}.partial"
  try:
    with os_errors(path):
      if os.path.dirname(path):
        tf.io.gfile.makedirs(os.path.dirname(path))
      if is_local(path):
        # TensorFlow's files have no fsync.
        with open(partial, "wb") as file:
          file.write(content)
          file.flush()
          os.fsync(file.fileno())
        os.replace(partial, path)
      else:
        with tf.io.gfile.GFile(partial, "wb") as file:
          file.write(content)
        tf.io.gfile.rename(partial, path, overwrite=True)
  except BaseException:
    with contextlib.suppress(tf.errors.OpError):
      tf.io.gfile.remove(partial)
    raise


def check_folder_writable(folder: Path) -> None:
  """Raises OSError unless files can be written into a folder.

  Args:
    folder: Path of the folder, which is made if it is missing.

  Raises:
    OSError: If no file can be written.
  """
  probe = tf.io.gfile.join(os.fspath(folder), f".{uuid.uuid4().hex}.probe")
  # A trial, since permission bits do not show read-only mounts and full disks.
  with os_errors(folder):
    tf.io.gfile.makedirs(os.fspath(folder))
    try:
      with tf.io.gfile.GFile(probe, "wb") as file:
        file.write(b"x")
    finally:
      with contextlib.suppress(tf.errors.NotFoundError):
        tf.io.gfile.remove(probe)
