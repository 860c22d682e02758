# SPDX-License-Identifier: Apache-2.0
"""Tests that Ctrl-C ends work between two steps, and leaves it whole."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from lurl_tf.meta.runs.interruption import Interruption
from lurl_tf.rule import UpdateRule
from tests import source_tree, tiny_meta

# Eager, so that steps begin at once.
PROGRAM = """
import tensorflow as tf
from absl import app
from tests.experiments import killed_run

tf.config.run_functions_eagerly(True)
app.run(killed_run.main)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish(number, capfd):
  with Interruption() as interruption:
    assert not interruption.requested
    signal.raise_signal(number)
    assert interruption.requested
  assert capfd.readouterr().out.startswith("Stopping after this step")


def test_a_second_interrupt_ends_at_once():
  with pytest.raises(KeyboardInterrupt), Interruption():
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)


def test_handlers_are_put_back():
  def handlers():
    return [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

  before = handlers()
  with Interruption():
    assert handlers() != before
  assert handlers() == before
  with pytest.raises(ValueError), Interruption():
    raise ValueError
  assert handlers() == before


def test_an_interrupted_script_leaves_a_checkpoint(tmp_path):
  arguments = [
    *(f"--{name}={value}" for name, value in tiny_meta.FLAGS.items()),
    f"--logdir={tmp_path}",
    "--num_steps=100000",
    "--checkpoint_every=100000",
  ]
  with subprocess.Popen(
    [sys.executable, "-c", PROGRAM, *arguments],
    cwd=source_tree.ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  ) as process:
    for line in process.stdout:
      if line.startswith("outer step 1/"):
        process.send_signal(signal.SIGINT)
        break
    rest, errors = process.communicate(timeout=120)
  assert process.returncode == 130, errors
  assert "Stopping after this step" in rest
  assert "Traceback" not in errors
  (checkpoint,) = tmp_path.glob("checkpoints/*.index")
  arrays = tiny_meta.read_checkpoint(checkpoint.with_suffix(""))

  def outer(name):
    return arrays[f"run/state/outer/{name}/.ATTRIBUTES/VARIABLE_VALUE"]

  steps = outer("step")
  assert 1 <= steps < 1000
  # The rule in the log folder is that of the checkpoint.
  rule = UpdateRule.from_preset(tmp_path)
  assert rule.metadata.outer_steps == steps
  values = [each.numpy().ravel() for each in rule.meta_parameters]
  np.testing.assert_array_equal(
    np.concatenate(values), outer("learned/parameters")[: sum(map(len, values))]
  )
