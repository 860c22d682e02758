# SPDX-License-Identifier: Apache-2.0
"""Tests that a long run neither compiles again nor grows."""

import json
import pathlib
import subprocess
import sys

import pytest

from tests import source_tree


@pytest.mark.slow
@pytest.mark.skipif(
  not pathlib.Path("/proc/self/status").exists(), reason="needs /proc"
)
def test_five_buckets_in_five_hundred_steps(tmp_path):
  file = tmp_path / "rows.json"
  subprocess.run(
    [sys.executable, "-m", "tests.meta.steady_run", str(file)],
    cwd=source_tree.ROOT,
    check=True,
  )
  (first, early, before), (last, late, after) = json.loads(file.read_text())
  print(f"{before:.0f} MB after step {first}, {after:.0f} MB after {last}")
  assert (first, last) == (50, 500)
  # The step of each bucket, and the call that begins with it.
  assert early == late == 2 * 5
  assert abs(after / before - 1) < 0.02
