# SPDX-License-Identifier: Apache-2.0
"""Tests of what the benchmark measures and prints; no test checks times."""

import dataclasses
import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import benchmark
from experiments.speed.cases import CASES, SWEEPS, Case, sweep_cases
from experiments.speed.measure import Measurement, measure
from lurl_tf.rule.learned.operation_count import inner_step_operations
from tests.tiny_models import TINY_RULE

TINY = Case("tiny", TINY_RULE, 9, (4,), batch_size=8, tasks=2, unroll=3)


@pytest.fixture(autouse=True)
def fixture_flags():
  flags.FLAGS.mark_as_parsed()


def make_measurement(milliseconds, gradient=True):
  return Measurement(
    inner_step_ms=milliseconds,
    meta_grad_ms_per_inner_step=3 * milliseconds if gradient else None,
    inner_step_gflops=10.0,
    meta_grad_gflops=30.0 if gradient else None,
    matmul_gflops=100.0,
    peak_rss_mb=500.0,
    trace_s=1.0,
    compile_s=2.0,
  )


@pytest.mark.parametrize(
  ("compiler", "has_gradient"), [("graph", True), ("xla", False)]
)
def test_numbers_of_a_case_fit_each_other(compiler, has_gradient):
  """XLA takes long to compile a gradient."""
  case = dataclasses.replace(
    TINY, compiler=compiler, convolutions="direct", gradient=has_gradient
  )
  found = measure(case, repetitions=2)
  operations = inner_step_operations(TINY_RULE, 9, (4,), 8)
  assert found.inner_step_gflops * found.inner_step_ms == pytest.approx(
    operations / 1e6
  )
  assert found.matmul_gflops > 1
  assert 100 < found.peak_rss_mb < 24_000
  assert found.trace_s > 0 and found.compile_s > 0
  if not has_gradient:
    assert found.meta_grad_ms_per_inner_step is None
    return
  gradient = found.meta_grad_gflops * found.meta_grad_ms_per_inner_step
  assert gradient == pytest.approx(3 * operations / 1e6)


def run(monkeypatch, tmp_path, **values):
  """Runs the script with times made up; returns the cases, and the JSON."""
  asked = []

  def run_cases(cases, processes):
    asked.extend(cases)
    return [
      benchmark.CaseResult(
        case, tuple(make_measurement(t) for t in (4.0, 1.0, 2.0))
      )
      for case in cases
    ]

  monkeypatch.setattr(benchmark, "run_cases", run_cases)
  results = tmp_path / "results.json"
  with flagsaver.flagsaver(results=str(results), **values):
    benchmark.main()
  return asked, json.loads(results.read_text())


def test_medians_go_into_table_and_results(monkeypatch, tmp_path, capsys):
  cases, results = run(monkeypatch, tmp_path, case=["compact", "very_wide"])
  assert cases == [CASES["compact"], CASES["very_wide"]]
  (first, _) = results["cases"]
  assert first["case"] == "compact"
  assert first["inner_step_ms"] == 2.0
  assert first["meta_grad_ms_per_inner_step"] == 6.0
  assert len(first["processes"]) == 3
  assert results["machine"]["cores"] >= 1
  assert "compact" in capsys.readouterr().out


def test_a_case_without_gradient():
  result = benchmark.CaseResult(TINY, (make_measurement(1.0, gradient=False),))
  assert result.median.meta_grad_ms_per_inner_step is None
  assert " - " in benchmark.result_table([result])


def test_a_sweep_has_slopes_and_a_picture(monkeypatch, tmp_path):
  plot = tmp_path / "plot.png"
  cases, results = run(monkeypatch, tmp_path, sweep=["tasks"], plot=str(plot))
  assert [case.tasks for case in cases] == results["values"] == [1, 2, 4, 8]
  # The same time per task: a truncation's grows in proportion.
  assert results["log_log_slopes"]["seconds"] == pytest.approx(1.0)
  assert results["log_log_slopes"]["peak_rss_mb"] == pytest.approx(0, abs=1e-9)
  assert plot.read_bytes().startswith(b"\x89PNG")


def test_slopes_are_exponents():
  values = np.array([1.0, 3.0, 7.0])
  assert benchmark.log_log_slope(values, 5 * values**1.7) == pytest.approx(1.7)


@pytest.mark.parametrize("name", SWEEPS)
def test_only_one_thing_grows_in_a_sweep(name):
  cases = sweep_cases(name)
  assert len({case.name for case in cases}) == len(cases) >= 4
  fields = [vars(case) for case in cases]
  differing = {
    key for key in fields[0] if any(f[key] != fields[0][key] for f in fields)
  }
  assert len(differing - {"name"}) == 1


@pytest.mark.parametrize(
  "values, message",
  [
    ({"case": ["slow"]}, "must be some of metz2019"),
    ({"case": []}, "must be some of metz2019"),
    ({"plot": "tasks.png"}, "--plot needs --sweep"),
    ({"sweep": ["taskz"]}, "must be one of width"),
    ({"sweep": ["tasks", "width"]}, "Received: --sweep=tasks,width"),
  ],
)
def test_what_does_not_fit_is_refused(values, message):
  with flagsaver.flagsaver(**values), pytest.raises(SystemExit, match=message):
    benchmark.main()
