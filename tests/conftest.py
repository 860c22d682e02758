# SPDX-License-Identifier: Apache-2.0
"""Options, order and fixtures of all tests.

Most of the tests' time would be compilation by XLA: all of them, and the
processes that they start, compile with quick options. Tests of exact numbers
are marked `default_xla` and run in a process of their own without them.
"""

import gc
import os
import subprocess
import sys

import pytest

from tests import quick_xla

# XLA reads its options once in a process.
quick_xla.use()
# Operations here are small: with several threads each takes longer.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
# Graphs are many objects; looking for garbage among them takes a while.
gc.set_threshold(100_000, 50, 100)

# Files that take longest, the longest first. A process that is given one of
# them last would keep the other one waiting.
LONGEST = (
  "docs_test.py",
  "meta/estimators/real_task_test.py",
  "meta/replicas_test.py",
  "meta/inner/optimizer_state_test.py",
  "meta/compiled_trainer_test.py",
  "meta/repeatability_test.py",
)


def pytest_collection_modifyitems(items):
  """Puts the tests of the longest files first, in the order of `LONGEST`."""

  def rank(item):
    path = item.nodeid.partition("::")[0].removeprefix("tests/")
    return LONGEST.index(path) if path in LONGEST else len(LONGEST)

  items.sort(key=rank)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
  """Runs a test that is marked `default_xla` in a process of its own."""
  if not pyfuncitem.get_closest_marker("default_xla"):
    return None
  if not quick_xla.is_used():
    return None
  done = subprocess.run(
    [
      *(sys.executable, "-m", "pytest", "-q", "--numprocesses=0"),
      *("-p", "no:cacheprovider", pyfuncitem.nodeid),
    ],
    cwd=pyfuncitem.config.rootpath,
    env=quick_xla.default_environment(),
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    check=False,
  )
  if done.returncode:
    pytest.fail(done.stdout[-6000:], pytrace=False)
  return True


# What needs TensorFlow is imported when it is asked for: tests of the source
# text do without.


@pytest.fixture(name="eager")
def fixture_eager():
  """Functions run without graphs: a few steps take less time than a graph."""
  from tests import tiny_meta

  with tiny_meta.eagerly():
    yield


@pytest.fixture(name="short_epochs")
def fixture_short_epochs(monkeypatch):
  """Networks of baselines train for few steps an epoch."""
  from lurl_tf.baselines.networks import keras_networks

  monkeypatch.setattr(keras_networks, "LEAST_STEPS", 50)


@pytest.fixture(name="figures")
def fixture_figures(monkeypatch):
  """List of the figures that are saved to files."""
  import matplotlib.figure

  saved, savefig = [], matplotlib.figure.Figure.savefig

  def keep(figure, *args, **options):
    saved.append(figure)
    savefig(figure, *args, **options)

  monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
  return saved


@pytest.fixture(name="new_folder", params=["local", "ram"])
def fixture_new_folder(request, tmp_path):
  """Path of no folder yet: on the disk, and on another file system."""
  if request.param == "local":
    return str(tmp_path / "run")
  return f"ram://{tmp_path.name}-{id(request)}/run"
