# SPDX-License-Identifier: Apache-2.0
"""Table, JSON and picture of the curves of meta-training runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common.results import write_figure
from experiments.curves.runs import (
  ACCURACY,
  LOSS,
  META_TRAINING,
  META_VALIDATION,
  Curve,
  CurveName,
  RunCurves,
)
from lurl_tf.tables import format_table

_QUANTITIES = (LOSS, ACCURACY)


def shown_curve(run: RunCurves, name: CurveName, smoothing: float) -> Curve:
  """Returns a curve for drawing; curves of meta-training are smoothed.

  Meta-training draws new tasks in every outer step. Other curves are scored on
  the same tasks every time.

  Args:
    run: Curves of a run.
    name: Name of the curve.
    smoothing: Weight of past values.

  Returns:
    The curve, smoothed if it is of meta-training.
  """
  curve = run.curves[name]
  return curve.smoothed(smoothing if name.data == META_TRAINING else 0.0)


def as_json(runs: Sequence[RunCurves], smoothing: float) -> dict[str, Any]:
  """Returns every point of every curve for `--results`.

  Args:
    runs: Curves of runs and of their means.
    smoothing: Weight of past values in the curves of meta-training.

  Returns:
    Values that JSON can hold; `members` has the runs of a mean.
  """
  return {
    "smoothing": smoothing,
    "runs": [
      {
        "name": run.name,
        "members": run.members,
        "curves": [
          {
            "data": name.data,
            "quantity": name.quantity,
            "steps": curve.steps.tolist(),
            "values": curve.values.tolist(),
            "shown": shown_curve(run, name, smoothing).values.tolist(),
          }
          for name, curve in run.curves.items()
        ],
      }
      for run in runs
    ],
  }


def as_text(runs: Sequence[RunCurves], smoothing: float) -> str:
  """Formats a table of the curves, with notes on missing ones.

  Args:
    runs: Curves of runs and of their means.
    smoothing: Weight of past values in the curves of meta-training.

  Returns:
    Several lines.
  """
  headers = [
    "run",
    "data",
    "quantity",
    "points",
    "last step",
    "first",
    "last",
    "best",
    "at step",
  ]
  lines = [
    _line(run, name, shown_curve(run, name, smoothing))
    for run in runs
    for name in run.curves
  ]
  parts = [
    f"Losses, and accuracies in %; those of {META_TRAINING} are smoothed by "
    f"{smoothing}",
    format_table(headers, lines),
  ]
  return "\n\n".join([*parts, *_notes(runs)])


def plot_curves(path: str, runs: Sequence[RunCurves], smoothing: float) -> None:
  """Draws losses above accuracies, with a column per kind of data.

  The runs of a mean are drawn with thin lines in the color of the mean. Values
  of meta-training before smoothing are drawn pale.

  Args:
    path: Path of the PNG file.
    runs: Curves of runs and of their means.
    smoothing: Weight of past values in the curves of meta-training.
  """
  names = dict.fromkeys(name for run in runs for name in run.curves)
  columns = list(dict.fromkeys(name.data for name in names))
  figure = Figure(figsize=(0.8 + 3.2 * len(columns), 5.6), layout="constrained")
  grid = figure.subplots(
    2, len(columns), sharex=True, sharey="row", squeeze=False
  )
  for row, quantity in zip(grid, _QUANTITIES):
    for axes, data in zip(row, columns):
      name = CurveName(data, quantity)
      if name not in names:
        axes.set_axis_off()
        continue
      _draw(axes, runs, name, smoothing)
      axes.set_title(data)
      axes.set_xlabel("outer steps")
      axes.tick_params(labelbottom=True)
      axes.grid(alpha=0.3)
    row[0].set_ylabel("loss" if quantity == LOSS else "accuracy in %")
  lines = {
    line.get_label(): line
    for axes in grid.flat
    for line in axes.get_legend_handles_labels()[0]
  }
  figure.legend(
    lines.values(), lines, loc="outside lower center", fontsize="small"
  )
  write_figure(path, figure)


def _draw(
  axes: Axes, runs: Sequence[RunCurves], name: CurveName, smoothing: float
) -> None:
  means = {member: run.name for run in runs for member in run.members}
  groups = list(dict.fromkeys(means.get(run.name, run.name) for run in runs))
  scale = 100 if name.quantity == ACCURACY else 1
  for run in runs:
    if name not in run.curves:
      continue
    color = f"C{groups.index(means.get(run.name, run.name)) % 10}"
    is_thin = run.name in means
    shown = shown_curve(run, name, smoothing)
    if name.data == META_TRAINING and not is_thin:
      raw = run.curves[name]
      axes.plot(raw.steps, scale * raw.values, color=color, alpha=0.2, lw=0.5)
    axes.plot(
      shown.steps,
      scale * shown.values,
      color=color,
      alpha=0.4 if is_thin else 1.0,
      lw=0.7 if is_thin else 1.5,
      marker="" if name.data == META_TRAINING else ".",
      label=None if is_thin else run.name,
    )


def _line(run: RunCurves, name: CurveName, curve: Curve) -> list[object]:
  is_loss = name.quantity == LOSS
  finite = np.flatnonzero(np.isfinite(curve.values))
  best = "-", "-"
  if len(finite):
    ranked = finite[np.argsort(curve.values[finite], kind="stable")]
    place = ranked[0 if is_loss else -1]
    best = _number(curve.values[place], is_loss), curve.steps[place]
  return [
    run.name,
    name.data,
    name.quantity,
    len(curve.steps),
    curve.steps[-1],
    _number(curve.values[0], is_loss),
    _number(curve.values[-1], is_loss),
    *best,
  ]


def _number(value: float, is_loss: bool) -> str:
  return f"{value:.4f}" if is_loss else f"{100 * value:.1f}"


def _notes(runs: Sequence[RunCurves]) -> list[str]:
  """Returns commands that produce the missing curves."""
  known = (META_TRAINING, META_VALIDATION)
  notes = []
  for run in runs:
    data = {name.data for name in run.curves}
    if run.members:
      continue
    if META_VALIDATION not in data:
      notes.append(
        f"{run.name} was not scored on held-out tasks; meta_train "
        "--validate_every=50 and experiments.watch do that."
      )
    if not data.difference(known):
      notes.append(
        f"{run.name} was not scored on test data; experiments.watch "
        "--suite=mnist, beside the run, does that."
      )
  return notes
