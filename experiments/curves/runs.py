# SPDX-License-Identifier: Apache-2.0
"""The curves that a meta-training run left in its log folder."""

import json
import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from experiments.common.results import DECISIVE_READOUT
from experiments.evaluation.follow_run import read_results
from lurl_tf.meta.runs.description import read_fields
from lurl_tf.meta.runs.folder import TENSORBOARD_FOLDER

META_TRAINING, META_VALIDATION = "meta-training", "meta-validation"
LOSS, ACCURACY = "loss", "accuracy"

# Names of curves in the run's event files.
_PREFIXES = {META_TRAINING: "meta", META_VALIDATION: "validation"}


class CurveName(NamedTuple):
  """What a curve is of.

  Attributes:
    data: `META_TRAINING`, `META_VALIDATION`, or the name of a test data set.
    quantity: `LOSS` or `ACCURACY`; test data sets have the latter only.
  """

  data: str
  quantity: str


class Curve(NamedTuple):
  """Values over outer steps.

  Attributes:
    steps: `[n]` outer steps done, ascending.
    values: `[n]` losses, or accuracies in [0, 1].
  """

  steps: np.ndarray
  values: np.ndarray

  def smoothed(self, weight: float) -> "Curve":
    """A mean over the past that forgets, without a bias at the start.

    Args:
      weight: of a value against the next one, from 0 to below 1; 0 changes
        nothing.

    Returns:
      The curve of `sum_k weight**(n - k) value_k`, divided by the sum of the
      weights; values that are not finite are left out of both.
    """
    total, norm, means = 0.0, 0.0, []
    for value in self.values:
      total, norm = weight * total, weight * norm
      if np.isfinite(value):
        total, norm = total + value, norm + 1
      means.append(total / norm if norm else np.nan)
    return Curve(self.steps, np.array(means))


class RunCurves(NamedTuple):
  """The curves of a run, or the means of several.

  Attributes:
    name: for tables and legends.
    members: names of the runs that it is the mean of; none for a run.
    recipe: all that decides the run but its seed.
    seed: the run's; None of a mean.
    curves: by what they are of: meta-training first, test data sets last.
  """

  name: str
  members: tuple[str, ...]
  recipe: str
  seed: int | None
  curves: dict[CurveName, Curve]


def read_runs(logdirs: Sequence[str]) -> list[RunCurves]:
  """Reads the curves of several runs.

  Args:
    logdirs: log folders; the last parts of their paths are the names, or the
      paths themselves where those are the same.

  Returns:
    `RunCurves` of each.

  Raises:
    FileNotFoundError: if a folder holds no run.
    ValueError: if a run has no curves, or its files are damaged.
  """
  names = [os.path.basename(logdir.rstrip("/")) for logdir in logdirs]
  if len(set(names)) < len(names):
    names = list(logdirs)
  return [_read_run(logdir, name) for logdir, name in zip(logdirs, names)]


def mean_over_seeds(runs: Sequence[RunCurves]) -> list[RunCurves]:
  """Means of the runs that differ by their seeds only.

  Args:
    runs: of any recipes.

  Returns:
    The mean of every recipe of two runs or more, at the steps that all of them
    have.

  Raises:
    ValueError: if no two runs have one recipe, or two have their seed, too.
  """
  means = []
  for recipe in dict.fromkeys(run.recipe for run in runs):
    own = [run for run in runs if run.recipe == recipe]
    _check_seeds(own)
    if len(own) > 1:
      means.append(_mean(own))
  if not means:
    raise ValueError(
      "A mean is of runs that differ by their seeds only. Received: "
      f"{', '.join(run.name for run in runs)}"
    )
  return means


def _check_seeds(runs: Sequence[RunCurves]) -> None:
  seeds = [run.seed for run in runs]
  again = [run for run in runs if seeds.count(run.seed) > 1]
  if again:
    received = ", ".join(f"{run.name} with seed={run.seed}" for run in again)
    raise ValueError(
      f"A mean is of runs of different seeds. Received: {received}"
    )


def _read_run(logdir: str, name: str) -> RunCurves:
  recipe, seed = _read_recipe(logdir)
  points = _read_events(tf.io.gfile.join(logdir, TENSORBOARD_FOLDER))
  for row in read_results(logdir):
    for quantity, value in row["validation"].items():
      own = points.setdefault(CurveName(META_VALIDATION, quantity), {})
      own.setdefault(row["step"], value)  # The run's own come first.
    for data, accuracies in row["suite"].items():
      own = points.setdefault(CurveName(data, ACCURACY), {})
      own[row["step"]] = accuracies[DECISIVE_READOUT]
  if not points:
    raise ValueError(
      "A run must have done some outer steps to have curves. "
      f"Received: {logdir!r}"
    )
  first = (META_TRAINING, META_VALIDATION)
  in_order = sorted(
    points,
    key=lambda each: (
      first.index(each.data) if each.data in first else len(first)
    ),
  )
  curves = {each: _curve(points[each]) for each in in_order}
  return RunCurves(name, (), recipe, seed, curves)


def _read_recipe(logdir: str) -> tuple[str, int]:
  """All that decides the run but its seed, and the seed."""
  description = read_fields(logdir)
  seed = description["config"].pop("seed")
  return json.dumps(description, sort_keys=True), seed


def _read_events(folder: str) -> dict[CurveName, dict[int, float]]:
  """Values by step; of a step that was done again the last one."""
  if not tf.io.gfile.isdir(folder):
    return {}
  events = event_accumulator.EventAccumulator(
    folder,
    {event_accumulator.TENSORS: 0},  # all points, not a sample
  )
  events.Reload()
  names = events.Tags()[event_accumulator.TENSORS]
  return {
    CurveName(data, quantity): {
      event.step: tensor_util.make_ndarray(event.tensor_proto).item()
      for event in events.Tensors(f"{prefix}/{quantity}")
    }
    for data, prefix in _PREFIXES.items()
    for quantity in (LOSS, ACCURACY)
    if f"{prefix}/{quantity}" in names
  }


def _curve(points: dict[int, float]) -> Curve:
  steps = sorted(points)
  return Curve(np.array(steps), np.array([points[step] for step in steps]))


def _mean(runs: Sequence[RunCurves]) -> RunCurves:
  curves = {}
  for name in runs[0].curves:
    if not all(name in run.curves for run in runs):
      continue
    points = [
      dict(zip(*(each.tolist() for each in run.curves[name]))) for run in runs
    ]
    steps = set(points[0]).intersection(*points)
    if steps:
      curves[name] = _curve(
        {step: np.mean([each[step] for each in points]) for step in steps}
      )
  members = tuple(run.name for run in runs)
  return RunCurves(
    f"mean of {', '.join(members)}", members, runs[0].recipe, None, curves
  )
