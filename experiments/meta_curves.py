# SPDX-License-Identifier: Apache-2.0
r"""Draws how rules do over meta-training, on training and test distributions.

python -m experiments.meta_curves --logdir=runs/mine --plot=curves.png
python -m experiments.meta_curves --runs=runs/a,runs/b,runs/c --mean \
  --plot=curves.png --results=curves.json

It reads what runs left in their log folders: losses and accuracies of
meta-training, of held-out tasks (`experiments.meta_train --validate_every`, or
`experiments.watch`) and of the data sets that `evaluate --watch
--suite` scored. Runs may be under way. It ends with a table.
"""

from collections.abc import Sequence

from absl import app, flags, logging

from experiments.common import flags as shared_flags
from experiments.common import flags as sweep_flags
from experiments.common import task_flags
from experiments.common.results import check_writable, write_results
from experiments.curves.report import as_json, as_text, plot_curves
from experiments.curves.runs import RunCurves, mean_over_seeds, read_runs

_RUNS = flags.DEFINE_list(
  "runs", [], "Log folders of several runs, in place of one --logdir."
)
_MEAN = flags.DEFINE_bool(
  "mean",
  False,
  "Whether the mean of the runs that differ by their seeds only is drawn.",
)
_SMOOTHING = flags.DEFINE_float(
  "smoothing",
  0.9,
  "Weight of the past in the curves of meta-training; 0: none.",
  lower_bound=0.0,
  upper_bound=0.9999,
)
for _name in ("logdir", "plot", "results"):
  flags.declare_key_flag(_name)


def collect(logdirs: Sequence[str], with_means: bool) -> list[RunCurves]:
  """The curves of runs, and of their means.

  Args:
    logdirs: log folders of runs.
    with_means: whether those that differ by their seeds only are averaged.

  Returns:
    Runs, then means.

  Raises:
    OSError: if a folder holds no run, or cannot be read.
    ValueError: if there is no folder, a run has no curves or is damaged, or
      there is nothing to average.
  """
  if not logdirs or len(set(logdirs)) < len(logdirs):
    raise ValueError(
      "Expected log folders, each once: --logdir=path or --runs=path,path. "
      f"Received: {', '.join(logdirs) or 'none'}"
    )
  runs = read_runs(logdirs)
  return runs + mean_over_seeds(runs) if with_means else runs


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TensorBoard tells of every file
  results, plot = shared_flags.RESULTS.value, sweep_flags.PLOT.value
  logdir = task_flags.LOGDIR.value
  try:
    for path in filter(None, (results, plot)):
      check_writable(path)
    runs = collect([*([logdir] if logdir else []), *_RUNS.value], _MEAN.value)
  except (OSError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  if results:
    write_results(results, as_json(runs, _SMOOTHING.value))
  if plot:
    plot_curves(plot, runs, _SMOOTHING.value)
  print(as_text(runs, _SMOOTHING.value), flush=True)
  written = " and ".join(filter(None, (results, plot)))
  if written:
    print(f"\nResults are in {written}")


if __name__ == "__main__":
  app.run(main)
