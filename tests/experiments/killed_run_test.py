# SPDX-License-Identifier: Apache-2.0
"""Tests of runs by script that are killed, and taken up again."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lurl_tf.meta.runs.checkpoints import list_checkpoints
from tests import source_tree, tiny_meta
from tests.meta.replicas_test import free_ports

pytestmark = pytest.mark.slow

STEPS, KILLS = 400, 20


class Script:
  """A run in a process; notes what it prints."""

  def __init__(self, logdir, *flags, **environment):
    self.lines = []
    self.process = subprocess.Popen(
      [
        sys.executable,
        "-m",
        "tests.experiments.killed_run",
        f"--logdir={logdir}",
        *flags,
      ],
      cwd=source_tree.ROOT,
      env={**os.environ, "CUDA_VISIBLE_DEVICES": "", **environment},
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )
    self._reader = threading.Thread(target=self._read, daemon=True)
    self._reader.start()

  def _read(self):
    for line in self.process.stdout:
      self.lines.append(line)

  def wait_for(self, text, seconds=200):
    end = time.monotonic() + seconds
    while not any(text in line for line in self.lines):
      assert self.process.poll() is None, "".join(self.lines[-30:])
      assert time.monotonic() < end, "".join(self.lines[-30:])
      time.sleep(0.05)

  def finish(self, seconds=400):
    code = self.process.wait(seconds)
    self._reader.join()
    return code, "".join(self.lines)


def last_state(logdir):
  """The newest checkpoint's step and arrays, save the time it took."""
  saved = list_checkpoints(str(logdir))[-1]
  arrays = tiny_meta.read_checkpoint(saved.prefix)
  return saved.step, {
    name: array for name, array in arrays.items() if "seconds" not in name
  }


def assert_same_state(one, other):
  (step, arrays), (other_step, others) = map(last_state, (one, other))
  assert step == other_step
  assert arrays.keys() == others.keys()
  for name, array in arrays.items():
    np.testing.assert_array_equal(array, others[name], err_msg=name)


def test_killed_at_random_moments_it_ends_as_if_never_stopped(tmp_path):
  """A quarter of the kills hit the start, the others steps and savings."""
  flags = (f"--num_steps={STEPS}", "--checkpoint_every=1")
  whole = Script(tmp_path / "whole", *flags)
  generator, steps = random.Random(0), []
  for number in range(KILLS):
    script = Script(tmp_path / "killed", *flags)
    if number % 4 == 0:
      time.sleep(generator.uniform(1, 20))
    else:
      script.wait_for("Compiled ")
      time.sleep(generator.uniform(0, 1))
    script.process.kill()
    code, _ = script.finish()
    assert code == -signal.SIGKILL
    saved = list_checkpoints(str(tmp_path / "killed"))
    steps.append(saved[-1].step if saved else 0)
  print("steps at the kills:", steps)
  assert steps == sorted(steps)
  assert 5 < steps[-1] < STEPS
  assert Script(tmp_path / "killed", *flags).finish()[0] == 0
  assert whole.finish()[0] == 0
  assert_same_state(tmp_path / "killed", tmp_path / "whole")


def test_a_signal_saves_and_a_resumed_run_equals_an_uninterrupted_one(
  tmp_path,
):
  flags = ("--num_steps=150", "--checkpoint_every=1000")
  script = Script(tmp_path / "stopped", *flags)
  script.wait_for("Compiled ")
  time.sleep(1)
  script.process.send_signal(signal.SIGTERM)
  code, text = script.finish()
  assert code == 130 and "Stopping after this step" in text
  step, _ = last_state(tmp_path / "stopped")
  assert 0 < step < 150
  # Whoever comes while it runs is refused.
  again = Script(tmp_path / "stopped", *flags)
  again.wait_for("Resuming from outer step")
  code, text = Script(tmp_path / "stopped", *flags).finish()
  assert code == 1 and "must not be in use by another process" in text
  assert again.finish()[0] == 0
  assert Script(tmp_path / "whole", *flags).finish()[0] == 0
  assert_same_state(tmp_path / "stopped", tmp_path / "whole")


def start_workers(logdir, *flags):
  workers = [f"localhost:{port}" for port in free_ports(2)]
  return [
    Script(
      logdir,
      "--strategy=multi_worker",
      *flags,
      TF_CONFIG=json.dumps(
        {
          "cluster": {"worker": workers},
          "task": {"type": "worker", "index": index},
        }
      ),
    )
    for index in range(2)
  ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_stop_together_and_go_on(number, tmp_path):
  flags = ("--num_steps=600", "--checkpoint_every=10")
  first, second = start_workers(tmp_path / "stopped", *flags)
  first.wait_for("Compiled ")
  while not list_checkpoints(str(tmp_path / "stopped")):
    time.sleep(0.1)
  time.sleep(0.5)
  second.process.send_signal(number)
  began = time.monotonic()
  code, text = first.finish(60)
  print(f"the other one ended after {time.monotonic() - began:.1f} s")
  assert code == 42, text
  step, _ = last_state(tmp_path / "stopped")
  if number == signal.SIGKILL:
    assert "Another worker was lost" in text
    assert step % 10 == 0
  else:
    assert second.finish(60)[0] == 42
    assert "start all workers again" in text
  assert 0 < step < 600
  flags = ("--num_steps=620", "--checkpoint_every=10")
  for folder in ("stopped", "whole"):
    for script in start_workers(tmp_path / folder, *flags):
      last = script
    code, text = last.finish()
    assert code == 0, text
  while True:  # The second worker writes nothing, and may end first.
    if last_state(tmp_path / "whole")[0] == 620:
      break
    time.sleep(0.5)
  assert_same_state(tmp_path / "stopped", tmp_path / "whole")
