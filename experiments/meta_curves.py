# SPDX-License-Identifier: Apache-2.0
r"""Draws losses and accuracies over meta-training, on training and test tasks.

python -m experiments.meta_curves --logdir=runs/mine --plot=curves.png
python -m experiments.meta_curves --runs=runs/a,runs/b,runs/c --mean \
  --plot=curves.png --results=curves.json

It reads the log folders of runs, which may still be training: losses and
accuracies of meta-training, of validation tasks (`experiments.meta_train
--validate_every` or `experiments.watch`) and of the data sets of
`experiments.watch --suite`. It ends with a table.
"""

from collections.abc import Sequence

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import script, sweep_flags, task_flags
from experiments.common.results import check_writable, write_results
from experiments.curves.report import as_json, as_text, plot_curves
from experiments.curves.runs import RunCurves, mean_over_seeds, read_runs

_RUNS = flags.DEFINE_list(
  "runs", [], "Log folders of several runs, instead of one --logdir."
)
_MEAN = flags.DEFINE_bool(
  "mean",
  False,
  "Whether to draw the mean of runs that differ only in their seeds.",
)
_SMOOTHING = flags.DEFINE_float(
  "smoothing",
  0.9,
  "Weight of past values in the smoothed curves of meta-training; 0 turns the "
  "smoothing off.",
  lower_bound=0.0,
  upper_bound=0.9999,
)
for _name in ("logdir", "plot", "results"):
  flags.declare_key_flag(_name)


def collect(logdirs: Sequence[str], with_means: bool) -> list[RunCurves]:
  """Reads the curves of runs and computes their means.

  Args:
    logdirs: Log folders of runs.
    with_means: Whether to average runs that differ only in their seeds.

  Returns:
    Curves of the runs, then their means.

  Raises:
    OSError: if a folder holds no run or cannot be read.
    ValueError: if `logdirs` is empty, a run has no curves or is damaged, or no
      runs can be averaged.
  """
  if not logdirs or len(set(logdirs)) < len(logdirs):
    raise ValueError(
      "Expected distinct log folders: --logdir=path or --runs=path,path. "
      f"Received: {', '.join(logdirs) or 'none'}"
    )
  runs = read_runs(logdirs)
  return runs + mean_over_seeds(runs) if with_means else runs


def main() -> None:
  """Runs the script with the parsed flags."""
  results, plot = shared_flags.RESULTS.value, sweep_flags.PLOT.value
  logdir = task_flags.LOGDIR.value
  with script.errors_in_one_line():
    for path in filter(None, (results, plot)):
      check_writable(path)
    runs = collect([*([logdir] if logdir else []), *_RUNS.value], _MEAN.value)
  if results:
    write_results(results, as_json(runs, _SMOOTHING.value))
  if plot:
    plot_curves(plot, runs, _SMOOTHING.value)
  print(as_text(runs, _SMOOTHING.value), flush=True)
  written = " and ".join(filter(None, (results, plot)))
  if written:
    print(f"\nResults are in {written}")


if __name__ == "__main__":
  script.run(main)
