# SPDX-License-Identifier: Apache-2.0
"""Tests of the check that the outer step compiles for TPUs."""

import dataclasses
import json
import subprocess
import sys

import pytest

from experiments import tpu_check
from experiments.speed.fake_tpu import Program
from tests import source_tree

GOOD = Program(
  all_reduces=1,
  reduced_bytes=1000,
  temp_bytes=10**9,
  argument_bytes=10**8,
  code_bytes=10**8,
  flops=1e9,
  precisions={"highest": 3},
  seconds=1.0,
)


@pytest.mark.parametrize(
  "fields, problem",
  [
    ({}, None),
    ({"all_reduces": 0}, "no all-reduce"),
    ({"temp_bytes": 2 * 10**10}, "do not fit"),
    ({"flops": 0.0}, "nothing is computed"),
    ({"precisions": {"highest": 2, "default": 1}}, "not of float32"),
    ({"precisions": {}}, "not of float32"),
  ],
)
def test_what_is_wrong_with_a_program_is_said(fields, problem):
  problems = tpu_check.check(dataclasses.replace(GOOD, **fields), "v5e:2x2")
  assert len(problems) == (problem is not None)
  assert problem is None or problem in problems[0]


def test_the_largest_base_model_of_each_distribution_is_compiled():
  compact, published = map(tpu_check.make_config, tpu_check.SIZES)
  assert compact.tasks.buckets[0].units == (128, 32)
  assert published.tasks.buckets[0].units == (352, 352, 352, 352, 32)
  assert compact.rule.hidden_channels == 24
  assert published.rule.hidden_channels == 64
  assert (compact.rule.mixing, published.rule.mixing) == (
    "pooled",
    "published",
  )


@pytest.mark.slow
@pytest.mark.skipif(not source_tree.IS_WHOLE, reason="needs the checkout")
def test_the_step_compiles_for_tpus(tmp_path):
  """In an environment of its own, made here: libtpu is large."""
  subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
  python = str(tmp_path / "venv" / "bin" / "python")
  requirements = "experiments/tpu_check_requirements.txt"
  subprocess.run(
    [python, "-m", "pip", "install", "-q", "-r", requirements],
    cwd=source_tree.ROOT,
    check=True,
  )
  results = tmp_path / "results.json"
  subprocess.run(
    [python, "-m", "experiments.tpu_check", f"--results={results}"],
    cwd=source_tree.ROOT,
    check=True,
  )
  programs = json.loads(results.read_text())["programs"]
  assert [(each["size"], each["topology"]) for each in programs] == [
    (size, topology)
    for size in ("compact", "metz2019")
    for topology in ("v5e:2x2", "v4:2x2x1")
  ]
  for program in programs:
    assert program["all_reduces"] >= 1
    assert 0 < program["temp_bytes"] < 16e9
    assert program["flops"] > 0
    assert set(program["precisions"]) == {"highest"}
