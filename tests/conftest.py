# SPDX-License-Identifier: Apache-2.0
"""Options and fixtures of all tests.

Most of the tests' time would be compilation by XLA: all of them, and the
processes that they start, compile with quick options. Tests of exact numbers
are marked `default_xla` and run in a process of their own without them.
"""

import subprocess
import sys

import pytest

from tests import quick_xla

# XLA reads its options once in a process.
quick_xla.use()


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
