# SPDX-License-Identifier: Apache-2.0
"""Tests of the start of a script; `quiet_start_test` runs whole scripts."""

import importlib

import pytest
from absl import app, flags
from absl.testing import flagsaver

from experiments.common import quiet_start, script


@pytest.fixture(name="start")
def fixture_start(monkeypatch):
  """Starts a script in this process, as `app.run` does after parsing flags."""
  # The messages of other libraries stay as they are in this process.
  monkeypatch.setattr(quiet_start, "is_verbose", lambda: True)
  monkeypatch.setattr(script, "refuse_other_flags", lambda module: None)
  required = []
  monkeypatch.setattr(flags, "mark_flag_as_required", required.append)

  def start(main, *arguments, **options):
    monkeypatch.setattr(app, "run", lambda run: run(["script", *arguments]))
    script.run(main, **options)
    return required

  return start


def raising(error):
  def main():
    raise error

  return main


def test_run(start):
  calls = []
  required = start(lambda: calls.append("main"), required=["logdir", "seed"])
  assert calls == ["main"]
  assert required == ["logdir", "seed"]


def test_stray_arguments_are_refused(start):
  calls = []
  with pytest.raises(app.UsageError, match=r"Received: \['stray'\]"):
    start(lambda: calls.append("main"), "stray")
  assert not calls


def test_a_full_disk_is_one_line(start):
  with pytest.raises(SystemExit, match="^Error: the disk is full$"):
    start(raising(OSError("the disk is full")))


def test_an_error_of_the_program_keeps_its_traceback(start):
  with pytest.raises(ValueError):
    start(raising(ValueError()))


@pytest.mark.parametrize(
  ("module", "name", "value", "is_taken"),
  [
    ("generalize", "episodes", "20", True),
    ("generalize", "inner_steps", "5", False),
    ("inspect_rule", "inner_steps", "5", True),
    ("inspect_rule", "episodes", "20", False),
    ("inspect_rule", "label_draws", "1", False),
    ("inspect_rule", "examples_per_class", "5", False),
    ("benchmark", "logdir", "runs/a", False),
    ("meta_curves", "logdir", "runs/a", True),
  ],
)
def test_flags_that_a_script_does_not_read_are_refused(
  module, name, value, is_taken
):
  importlib.import_module("experiments.meta_train")  # It defines --logdir.
  script_module = importlib.import_module(f"experiments.{module}")
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(**{name: value}):
    if is_taken:
      script.refuse_other_flags(script_module.__name__)
    else:
      with pytest.raises(ValueError, match=f"Received: --{name}="):
        script.refuse_other_flags(script_module.__name__)


@pytest.mark.parametrize("kind", [FileNotFoundError, ValueError, LookupError])
def test_errors_in_one_line(kind):
  with pytest.raises(SystemExit, match="^Error: no such rule$"):
    with script.errors_in_one_line():
      raise kind("no such rule")


def test_other_errors_pass():
  with pytest.raises(TypeError), script.errors_in_one_line():
    raise TypeError
