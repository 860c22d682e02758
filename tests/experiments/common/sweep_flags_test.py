# SPDX-License-Identifier: Apache-2.0
"""Tests of which scripts take the flags of sweeps and pictures."""

import importlib

import pytest
from absl import flags


@pytest.mark.parametrize(
  ("name", "expected"),
  [
    ("benchmark", {"sweep", "plot"}),
    ("generalize", {"sweep", "plot"}),
    ("objective_mismatch", {"sweep", "plot"}),
    ("meta_curves", {"plot"}),
    ("compare", set()),
    ("evaluate", set()),
    ("show_tasks", set()),
  ],
)
def test_a_script_lists_the_flags_that_it_reads(name, expected):
  module = importlib.import_module(f"experiments.{name}").__name__
  listed = {flag.name for flag in flags.FLAGS.get_key_flags_for_module(module)}
  assert listed & {"sweep", "plot"} == expected
