# SPDX-License-Identifier: Apache-2.0
"""Times inner steps and meta-gradients, each case in new processes.

python -m experiments.benchmark --case=metz2019,compact --results=speed.json
python -m experiments.benchmark --case=fit
python -m experiments.benchmark --sweep=tasks --plot=tasks.png

The case `fit` times `LocalRuleModel.fit` beside inner steps of the same sizes.
--sweep replaces --case by the cases of one sweep: width, depth, batch, unroll
or tasks.
"""

import concurrent.futures
import dataclasses
import datetime
import multiprocessing
import os
import platform
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import script, sweep_flags, xla_options
from experiments.common.results import check_writable, write_results
from experiments.speed.cases import (
  CASES,
  SWEEPS,
  Case,
  sweep_cases,
  sweep_values,
)
from experiments.speed.measure import Measurement, measure
from experiments.speed.plot import Growth, plot_sweep
from lurl_tf.tables import format_table

_CASE = flags.DEFINE_list(
  "case", ["metz2019", "compact"], f"Cases to time, of {', '.join(CASES)}."
)
_PROCESSES = flags.DEFINE_integer(
  "processes",
  3,
  "New processes per case, which alternate with those of the other cases. The "
  "table has their medians.",
  lower_bound=1,
)
flags.declare_key_flag("results")
flags.adopt_module_key_flags(sweep_flags)


@dataclasses.dataclass(frozen=True)
class CaseResult:
  """Measurements of a case.

  Args:
    case: Case that was timed.
    processes: Measurements of every process.
  """

  case: Case
  processes: tuple[Measurement, ...]

  @property
  def median(self) -> Measurement:
    """Median of every number over the processes."""
    rows = map(dataclasses.astuple, self.processes)
    return Measurement(
      *(None if None in row else statistics.median(row) for row in zip(*rows))
    )


def run_cases(cases: Sequence[Case], processes: int) -> list[CaseResult]:
  """Times cases in new processes and prints progress.

  Args:
    cases: Cases to time, which take turns.
    processes: Number of processes per case.

  Returns:
    Results of the cases, in their order.
  """
  found: list[list[Measurement]] = [[] for _ in cases]
  context = multiprocessing.get_context("spawn")
  for turn in range(processes):
    for case, measurements in zip(cases, found):
      process = f"{case.name}  process {turn + 1}/{processes}"
      print(f"{process}  compiling and timing ...", flush=True)
      with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        measurements.append(pool.submit(measure, case).result())
      print(f"{process}  {_milliseconds(measurements[-1])}", flush=True)
  return [
    CaseResult(case, tuple(measurements))
    for case, measurements in zip(cases, found)
  ]


def result_table(results: Sequence[CaseResult]) -> str:
  """Formats a table with a line per case.

  Args:
    results: Results of the cases.

  Returns:
    Lines of the table.
  """
  headers = (
    "case",
    "inner step ms",
    "fit ms",
    "meta-gradient ms",
    "inner step GFLOP/s",
    "meta-gradient GFLOP/s",
    "matmul GFLOP/s",
    "peak MB",
    "trace s",
    "compile s",
  )
  rows = []
  for result in results:
    each = result.median
    rows.append(
      [
        result.case.name,
        f"{each.inner_step_ms:.1f}",
        _number(each.fit_ms, ".1f"),
        _number(each.meta_grad_ms_per_inner_step, ".1f"),
        f"{each.inner_step_gflops:.0f}",
        _number(each.meta_grad_gflops, ".0f"),
        f"{each.matmul_gflops:.0f}",
        f"{each.peak_rss_mb:.0f}",
        f"{each.trace_s:.1f}",
        f"{each.compile_s:.1f}",
      ]
    )
  return format_table(headers, rows)


def log_log_slope(values: Sequence[float], numbers: Sequence[float]) -> float:
  """Fits the exponent p of numbers ~ values**p by least squares of logarithms.

  Args:
    values: Positive values of a sweep.
    numbers: Positive measured numbers at these values.

  Returns:
    The exponent.
  """
  return float(np.polyfit(np.log(values), np.log(numbers), 1)[0])


def machine() -> dict[str, Any]:
  """Describes the machine and the versions of the measurement."""
  name = platform.processor()
  if os.path.exists("/proc/cpuinfo"):
    with open("/proc/cpuinfo") as file:
      lines = [line for line in file if line.startswith("model name")]
    name = lines[0].partition(":")[2].strip() if lines else name
  return {
    "processor": name or platform.machine(),
    "cores": len(os.sched_getaffinity(0)),
    "tensorflow": tf.__version__,
    "python": platform.python_version(),
    "date": datetime.date.today().isoformat(),
  }


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    cases = _chosen_cases()
    for path in (shared_flags.RESULTS.value, sweep_flags.PLOT.value):
      if path:
        check_writable(path)
  results = run_cases(cases, _PROCESSES.value)
  here = machine()
  print(
    f"\n{here['processor']}, {here['cores']} cores, TensorFlow "
    f"{here['tensorflow']}, {here['date']}\n"
    f"Per task and inner step; medians of {_PROCESSES.value} processes\n"
    f"{result_table(results)}"
  )
  sweep = _sweep()
  slopes = _report_sweep(results, sweep) if sweep else {}
  if shared_flags.RESULTS.value:
    write_results(
      shared_flags.RESULTS.value,
      {
        "machine": here,
        "cases": [_as_json(result) for result in results],
        **slopes,
      },
    )


def _chosen_cases() -> list[Case]:
  sweep, plot = _sweep(), sweep_flags.PLOT.value
  if plot and not sweep:
    raise ValueError(f"--plot needs --sweep. Received: --plot={plot}")
  if sweep:
    return sweep_cases(sweep)
  unknown = sorted(set(_CASE.value) - set(CASES))
  if unknown or not _CASE.value:
    raise ValueError(
      f"--case must be some of {', '.join(CASES)}. Received: "
      f"--case={','.join(_CASE.value)}"
    )
  return [CASES[name] for name in _CASE.value]


def _sweep() -> str | None:
  """Name of the sweep; None if the flag is not given."""
  names = sweep_flags.SWEEP.value
  if names and (len(names) > 1 or names[0] not in SWEEPS):
    raise ValueError(
      f"--sweep must be one of {', '.join(SWEEPS)}. Received: "
      f"--sweep={','.join(names)}"
    )
  return names[0] if names else None


def _report_sweep(results: Sequence[CaseResult], sweep: str) -> dict[str, Any]:
  """Prints and returns the exponents of time and memory along a sweep."""
  values = sweep_values(sweep)
  seconds, megabytes = [], []
  for result in results:
    steps = result.case.tasks * result.case.unroll
    seconds.append(result.median.meta_grad_ms_per_inner_step * steps / 1e3)
    megabytes.append(result.median.peak_rss_mb)
  slopes = {
    "seconds": log_log_slope(values, seconds),
    "peak_rss_mb": log_log_slope(values, megabytes),
  }
  print(
    f"\nThe time of a truncation grows as {sweep} to the power of "
    f"{slopes['seconds']:.2f}, its peak memory as {sweep} to the power of "
    f"{slopes['peak_rss_mb']:.2f}"
  )
  if sweep_flags.PLOT.value:
    curves = (
      Growth("seconds per truncation", seconds, slopes["seconds"]),
      Growth("peak MB", megabytes, slopes["peak_rss_mb"]),
    )
    plot_sweep(sweep_flags.PLOT.value, sweep, values, curves)
  return {"sweep": sweep, "values": values, "log_log_slopes": slopes}


def _as_json(result: CaseResult) -> dict[str, Any]:
  return {
    "case": result.case.name,
    **dataclasses.asdict(result.median),
    "sizes": dataclasses.asdict(result.case),
    "processes": [dataclasses.asdict(each) for each in result.processes],
  }


def _milliseconds(measurement: Measurement) -> str:
  gradient = _number(measurement.meta_grad_ms_per_inner_step, ".1f")
  return (
    f"inner step {measurement.inner_step_ms:.1f} ms, "
    f"meta-gradient {gradient} ms"
  )


def _number(value: float | None, layout: str) -> str:
  return "-" if value is None else format(value, layout)


if __name__ == "__main__":
  xla_options.compile_less()
  script.run(main)
