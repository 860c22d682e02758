# SPDX-License-Identifier: Apache-2.0
"""Files on any file system that TensorFlow knows: disks, gs://, ram://."""

import contextlib
import os
import uuid
from collections.abc import Iterator

import tensorflow as tf

Path = str | os.PathLike[str]


def is_local(path: Path) -> bool:
  """Whether a path is one of this machine's own file systems."""
  return "://" not in os.fspath(path)


@contextlib.contextmanager
def os_errors(path: Path) -> Iterator[None]:
  """A context in which errors of TensorFlow's file systems become OSErrors.

  Args:
    path: named in the message.

  Yields:
    Nothing.

  Raises:
    FileNotFoundError: if a file or folder is missing.
    OSError: if anything else went wrong.
  """
  try:
    yield
  except tf.errors.NotFoundError as error:
    raise FileNotFoundError(f"{os.fspath(path)}: {error.message}") from error
  except tf.errors.OpError as error:
    raise OSError(f"{os.fspath(path)}: {error.message}") from error


def read_bytes(path: Path) -> bytes:
  """All that a file holds.

  Raises:
    FileNotFoundError: if there is none.
    OSError: if it cannot be read.
  """
  with os_errors(path), tf.io.gfile.GFile(os.fspath(path), "rb") as file:
    return file.read()


def write_atomically(path: Path, content: bytes) -> None:
  """Writes a file; a reader sees the old one or the whole new one.

  Args:
    path: the file; missing folders above it are made.
    content: what it will hold.

  Raises:
    OSError: if it cannot be written; the old file is left.
  """
  path = os.fspath(path)
  partial = f"{path}.{uuid.uuid4().hex}.partial"
  try:
    with os_errors(path):
      if os.path.dirname(path):
        tf.io.gfile.makedirs(os.path.dirname(path))
      if is_local(path):
        # TensorFlow's files do not wait until the bytes are on the disk.
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
  """Raises OSError unless files can be made in a folder, made if missing."""
  probe = tf.io.gfile.join(os.fspath(folder), f".{uuid.uuid4().hex}.probe")
  # The permission bits do not tell the whole story (read-only mounts, full
  # disks), so try.
  with os_errors(folder):
    tf.io.gfile.makedirs(os.fspath(folder))
    try:
      with tf.io.gfile.GFile(probe, "wb") as file:
        file.write(b"x")
    finally:
      with contextlib.suppress(tf.errors.NotFoundError):
        tf.io.gfile.remove(probe)
