# SPDX-License-Identifier: Apache-2.0
"""Same seed, same numbers: bit for bit, in fresh processes, also resumed."""

import subprocess
import sys

import numpy as np
import pytest

from tests import fresh_run, quick_xla, source_tree, tiny_meta


@pytest.mark.parametrize(
  "sizes",
  [
    "tiny",
    pytest.param("tiny_graph", marks=pytest.mark.slow),
    pytest.param("main_job", marks=pytest.mark.slow),
    pytest.param("published", marks=pytest.mark.slow),
    pytest.param("published_graph", marks=pytest.mark.slow),
  ],
)
def test_two_processes_and_a_resumed_run_agree(sizes, tmp_path):
  assert sizes in fresh_run.SIZES
  # Most of the time of the one that is not slow is compiling.
  environment = None if sizes == "tiny" else quick_xla.default_environment()
  for part in ("first", "second"):
    subprocess.run(
      [sys.executable, "-m", "tests.fresh_run", sizes, str(tmp_path), part],
      cwd=source_tree.ROOT,
      env=environment,
      check=True,
    )
  expected = tiny_meta.read_checkpoint(tmp_path / "first_20")
  for name in ("resumed_20", "second_20"):
    actual = tiny_meta.read_checkpoint(tmp_path / name)
    assert actual.keys() == expected.keys()
    for key, array in expected.items():
      np.testing.assert_array_equal(actual[key], array, err_msg=key)
  # The steps in question did something.
  earlier = tiny_meta.read_checkpoint(tmp_path / "first_10")
  key = "state/outer/learned/parameters/.ATTRIBUTES/VARIABLE_VALUE"
  changed = earlier[key] != expected[key]
  assert np.mean(changed) > 0.6
