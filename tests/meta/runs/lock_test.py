# SPDX-License-Identifier: Apache-2.0
"""Tests that one process at a time holds a run's folder."""

import json
import os
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from lurl_tf import files
from lurl_tf.meta.runs import lock as run_lock
from lurl_tf.meta.runs.lock import RunLock
from tests import source_tree


def read(folder):
  return json.loads(files.read_bytes(tf.io.gfile.join(folder, "lock.json")))


def write(folder, **fields):
  path = tf.io.gfile.join(folder, "lock.json")
  files.write_atomically(path, json.dumps(fields).encode())


def test_the_second_is_refused_until_the_first_releases(new_folder):
  lock = RunLock(new_folder)
  with pytest.raises(ValueError, match=f"held by process {os.getpid()} on "):
    RunLock(new_folder)
  lock.release()
  assert tf.io.gfile.listdir(new_folder) == []
  RunLock(new_folder).release()
  lock.release()


def test_another_process_is_refused_and_takes_over_after_a_kill(tmp_path):
  """A process that reuses the id of the holder is not taken for it."""
  program = (
    "import sys, time\n"
    "from lurl_tf.meta.runs.lock import RunLock\n"
    "lock = RunLock(sys.argv[1])\n"
    "print('held', flush=True)\n"
    "time.sleep(100)\n"
  )
  process = subprocess.Popen(
    [sys.executable, "-c", program, str(tmp_path)],
    cwd=source_tree.ROOT,
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout.readline().strip() == "held"
  with pytest.raises(ValueError, match=f"process {process.pid} on "):
    RunLock(str(tmp_path))
  process.kill()
  process.wait()
  lock = RunLock(str(tmp_path))
  assert read(str(tmp_path))["process"] == os.getpid()
  lock.release()


def test_a_number_of_a_process_that_is_used_again_is_not_mistaken(new_folder):
  lock = RunLock(new_folder)
  fields = read(new_folder)
  lock.release()
  fields.update(token="other", process_start="1")
  write(new_folder, **fields)
  RunLock(new_folder).release()


def test_a_lock_of_another_machine_is_stale_after_two_minutes(new_folder):
  now = time.time()
  write(new_folder, host="elsewhere", process=1, token="a", renewed=now - 60)
  with pytest.raises(ValueError, match="held by process 1 on elsewhere"):
    RunLock(new_folder)
  write(new_folder, host="elsewhere", process=1, token="a", renewed=now - 180)
  lock = RunLock(new_folder)
  assert read(new_folder)["host"] != "elsewhere"
  lock.release()


def test_a_lock_is_renewed(new_folder, monkeypatch):
  monkeypatch.setattr(run_lock, "RENEW_SECONDS", 0.02)
  lock = RunLock(new_folder)
  first = read(new_folder)["renewed"]
  while read(new_folder)["renewed"] == first:
    time.sleep(0.02)
  lock.release()


def test_what_another_took_over_is_not_removed(new_folder):
  lock = RunLock(new_folder)
  write(new_folder, host="elsewhere", token="other", renewed=time.time())
  lock.release()
  assert read(new_folder)["host"] == "elsewhere"


def test_of_two_that_begin_together_one_gives_way(new_folder, monkeypatch):
  original = RunLock._write

  def raced(lock):
    original(lock)
    write(new_folder, host="elsewhere", token="other", renewed=time.time())

  monkeypatch.setattr(RunLock, "_write", raced)
  with pytest.raises(ValueError, match="held by process"):
    RunLock(new_folder)


def test_a_damaged_lock_does_not_hold(new_folder):
  files.write_atomically(tf.io.gfile.join(new_folder, "lock.json"), b"{")
  RunLock(new_folder).release()
