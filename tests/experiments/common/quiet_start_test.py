# SPDX-License-Identifier: Apache-2.0
"""Tests that TensorFlow's messages do not reach the terminal of a script."""

import os
import re
import subprocess
import sys

import pytest

from experiments.common import quiet_start
from tests import source_tree

LOG = (
  "WARNING: All log messages before absl::InitializeLog() is called are "
  "written to STDERR\n"
  "I0000 00:00:1796086002.202586   11919 cudart_stub.cc:31] No cuda drivers\n"
  "2026-12-01 00:46:40.123456: I tensorflow/core/util/port.cc:153] oneDNN\n"
  "To enable the following instructions: AVX2 FMA, rebuild TensorFlow\n"
  "E0000 00:00:1796086014.021192   11919 cuda_platform.cc:52] failed cuInit\n"
)
OTHER = "A user's warning: not of the log\nF0000 00:00:1.2 1 a.cc:1] fatal\n"

# Lines that a script prints before its report.
PROGRESS = re.compile(
  r"Generating lurl_\w+, only once, in /\S+"
  r"|[\w, ]+  (inner step|episode|score|fit|label draw|data set) \d+/\d+( .*)?"
)


def run_program(arguments, stderr=subprocess.STDOUT, **environment):
  """Runs Python without the log level that the tests may have been given."""
  kept = {
    name: value
    for name, value in os.environ.items()
    if name not in ("TF_CPP_MIN_LOG_LEVEL", "LURL_VERBOSE")
  }
  return subprocess.run(
    [sys.executable, *arguments],
    cwd=source_tree.ROOT,
    env={**kept, **environment},
    stdout=subprocess.PIPE,
    stderr=stderr,
    text=True,
    check=False,
  )


@pytest.fixture(name="fake_tensorflow")
def fixture_fake_tensorflow(tmp_path):
  """Environment with a `tensorflow` that logs; it fails if `FAIL` is set."""
  package = tmp_path / "tensorflow"
  package.mkdir()
  (package / "__init__.py").write_text(
    "import os, sys, types\n"
    f"os.write(2, {(LOG + OTHER).encode()!r})\n"
    "print('A line of Python', file=sys.stderr)\n"
    "if 'FAIL' in os.environ: raise ImportError('a missing symbol')\n"
    "config = types.SimpleNamespace(list_physical_devices=lambda: [])\n"
  )
  path = os.pathsep.join([str(tmp_path), str(source_tree.ROOT)])
  return {"PYTHONPATH": path}


PROGRAM = [
  "-c",
  "import experiments, os, tensorflow; os.write(2, b'later\\n')",
]


def test_lines_of_the_log_are_dropped(fake_tensorflow):
  done = run_program(PROGRAM, **fake_tensorflow)
  assert done.stdout == f"{OTHER}A line of Python\nlater\n"
  assert done.returncode == 0


@pytest.mark.parametrize(
  "asked", [{"LURL_VERBOSE": "1"}, {"TF_CPP_MIN_LOG_LEVEL": "0"}]
)
def test_they_are_shown_if_asked_for(fake_tensorflow, asked):
  done = run_program(PROGRAM, **fake_tensorflow, **asked)
  assert done.stdout == f"{LOG}{OTHER}A line of Python\nlater\n"


def test_a_failed_import_shows_all_lines(fake_tensorflow):
  done = run_program(PROGRAM, **fake_tensorflow, FAIL="1")
  assert done.stdout.startswith(f"{LOG}{OTHER}A line of Python\nTraceback")
  assert done.stdout.endswith("ImportError: a missing symbol\n")
  assert done.returncode == 1


def test_the_descriptor_is_restored(capfd):
  before = os.fstat(2).st_ino
  with quiet_start.hold_log_lines():
    assert os.fstat(2).st_ino != before
    os.write(2, LOG.encode())
    print("a warning of Python", file=sys.stderr)
  assert os.fstat(2).st_ino == before
  os.write(2, b"later\n")
  assert capfd.readouterr().err == "a warning of Python\nlater\n"
  with pytest.raises(KeyError), quiet_start.hold_log_lines():
    os.write(2, LOG.encode())
    raise KeyError
  assert capfd.readouterr().err == LOG
  assert os.fstat(2).st_ino == before


def test_nothing_is_done_where_tensorflow_is_imported(monkeypatch):
  for name in ("TF_CPP_MIN_LOG_LEVEL", "LURL_VERBOSE"):
    monkeypatch.delenv(name, raising=False)
  assert not quiet_start.is_verbose()
  monkeypatch.setattr(quiet_start, "hold_log_lines", None)
  monkeypatch.setitem(sys.modules, "tensorflow", object())
  quiet_start.import_tensorflow()
  assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ


@pytest.mark.parametrize(
  ("script", "arguments", "report"),
  [
    (
      "show_tasks",
      ["--tasks=lurl_digits", "--logdir={folder}/sheets"],
      "Tasks lurl_digits, meta_train\n",
    ),
    (
      "evaluate",
      [
        "--rule=hebbian",
        "--dataset=lurl_two_moons",
        "--inner_steps=500",  # XLA compiles from this number on.
        "--episodes=1",
      ],
      "Rule hebbian on lurl_two_moons: 1 episodes ",
    ),
  ],
)
def test_a_script_prints_only_its_own_lines(
  script, arguments, report, tmp_path
):
  done = run_program(
    [
      "-m",
      f"experiments.{script}",
      *(text.format(folder=tmp_path) for text in arguments),
    ],
    subprocess.PIPE,
    TFDS_DATA_DIR=str(tmp_path / "data"),
  )
  assert done.stderr == ""
  assert done.returncode == 0
  progress, _, rest = done.stdout.partition("\n\n")
  assert rest.startswith(report)
  lines = progress.splitlines()
  assert lines[0].startswith("Generating lurl_")
  assert not [line for line in lines if not PROGRESS.fullmatch(line)]
