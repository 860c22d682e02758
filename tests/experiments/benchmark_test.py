# SPDX-License-Identifier: Apache-2.0
"""Tests that the benchmark measures what it says; no test looks at times."""

import pytest

from experiments import benchmark
from tests.tiny_models import TINY_RULE


def test_fit_is_timed_beside_the_bare_step(monkeypatch):
  monkeypatch.setattr(benchmark, "REPETITIONS", 1)
  bare, fit = benchmark.time_fit(256, TINY_RULE, (6, 4))
  assert (bare.what, fit.what) == ("compiled inner_step", "LocalRuleModel.fit")
  for timing in (bare, fit):
    assert timing.compile_seconds > 0
    assert timing.milliseconds_per_step > 0
    assert 0.1 < timing.peak_gigabytes < 24
  table = benchmark.as_text([bare, fit])
  assert len(table.splitlines()) == 3 and "LocalRuleModel.fit" in table


def test_an_unknown_case(monkeypatch):
  class Given:
    value = ["slow"]

  monkeypatch.setattr(benchmark, "_CASES", Given)
  monkeypatch.setattr(
    benchmark.shared_flags, "RESULTS", type("", (), {"value": None})
  )
  with pytest.raises(SystemExit, match="must be of fit, deep, wide"):
    benchmark.main(["benchmark"])
