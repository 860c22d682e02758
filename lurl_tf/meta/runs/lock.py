# SPDX-License-Identifier: Apache-2.0
"""Lock of a run's folder, which one process at a time holds."""

import atexit
import json
import os
import socket
import threading
import time
import uuid

import tensorflow as tf
from absl import logging

from lurl_tf import files

LOCK_FILE = "lock.json"
# For holders on other machines, whose processes cannot be looked up.
RENEW_SECONDS, STALE_SECONDS = 20.0, 120.0


class RunLock:
  """Holds a folder until it is released or the process ends.

  The lock is a file with the holder's process, because buckets have no locks of
  their own. It is stale if that process ended or, on another machine, did not
  renew it for two minutes.

  Args:
    folder: Path of the run's folder.

  Raises:
    OSError: If the folder cannot be written.
    ValueError: If another process holds it; names the process.
  """

  def __init__(self, folder: str):
    self._path = tf.io.gfile.join(folder, LOCK_FILE)
    self._fields = {
      "host": socket.gethostname(),
      "process": os.getpid(),
      "process_start": _process_start(os.getpid()),
      "since": time.strftime("%Y-%m-%d %H:%M:%S"),
      "token": uuid.uuid4().hex,
    }
    self._check_free()
    self._write()
    # If two processes begin at the same moment, the last to write holds it.
    self._check_free()
    self._released = threading.Event()
    threading.Thread(target=self._renew, daemon=True).start()
    atexit.register(self.release)

  def release(self) -> None:
    """Releases the folder; a second call does nothing."""
    if self._released.is_set():
      return
    self._released.set()
    atexit.unregister(self.release)
    held = self._read()
    if held is not None and held.get("token") == self._fields["token"]:
      tf.io.gfile.remove(self._path)

  def _check_free(self) -> None:
    held = self._read()
    if held is None or held.get("token") == self._fields["token"]:
      return
    if not _is_stale(held):
      raise ValueError(
        "A run's folder must not be in use by another process. Received: "
        f"{os.path.dirname(self._path)}, held by process {held.get('process')} "
        f"on {held.get('host')} since {held.get('since')}"
      )
    logging.info("Taking over %s from a process that ended.", self._path)

  def _read(self):
    try:
      return json.loads(files.read_bytes(self._path))
    except FileNotFoundError:
      return None
    except ValueError:
      return {}  # A damaged lock is stale, because its fields are missing.

  def _write(self) -> None:
    fields = {**self._fields, "renewed": time.time()}
    files.write_atomically(self._path, json.dumps(fields).encode())

  def _renew(self) -> None:
    while not self._released.wait(RENEW_SECONDS):
      try:
        self._write()
      except OSError as error:  # A full disk must not end the run.
        logging.warning("The lock could not be renewed: %s", error)


def _is_stale(held) -> bool:
  if held.get("host") == socket.gethostname():
    start = held.get("process_start")
    process = held.get("process", -1)
    if start is not None:
      return _process_start(process) != start
    return not _is_alive(process)
  return time.time() - held.get("renewed", 0) > STALE_SECONDS


def _is_alive(process: int) -> bool:
  try:
    os.kill(process, 0)
  except ProcessLookupError:
    return False
  except PermissionError:
    return True
  return True


def _process_start(process: int) -> str | None:
  """Start time of a process in ticks, as process ids are reused."""
  try:
    with open(f"/proc/{process}/stat") as file:
      return file.read().rpartition(")")[2].split()[19]
  except OSError:
    return None
