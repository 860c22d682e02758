# SPDX-License-Identifier: Apache-2.0
"""Curves of a meta-training run, read from its log folder."""

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

# Prefixes of the curves' names in the event files of a run.
_PREFIXES = {META_TRAINING: "meta", META_VALIDATION: "validation"}


class CurveName(NamedTuple):
  """Data and quantity of a curve.

  Attributes:
    data: `META_TRAINING`, `META_VALIDATION`, or the name of a test data set.
    quantity: `LOSS` or `ACCURACY`; test data sets have only `ACCURACY`.
  """

  data: str
  quantity: str


class Curve(NamedTuple):
  """Values over outer steps.

  Attributes:
    steps: Numbers `[n]` of outer steps, ascending.
    values: Losses `[n]`, or accuracies `[n]` between 0 and 1.
  """

  steps: np.ndarray
  values: np.ndarray

  def smoothed(self, weight: float) -> "Curve":
    """Smooths the curve by an exponential moving average.

    The smoothed value is sum_k weight**(n - k) value_k / sum_k weight**(n - k),
    over k <= n with finite values.

    Args:
      weight: Weight of a value relative to the next one, in [0, 1); 0 returns
        the values unchanged.

    Returns:
      The smoothed curve.
    """
    total, norm, means = 0.0, 0.0, []
    for value in self.values:
      total, norm = weight * total, weight * norm
      if np.isfinite(value):
        total, norm = total + value, norm + 1
      means.append(total / norm if norm else np.nan)
    return Curve(self.steps, np.array(means))


class RunCurves(NamedTuple):
  """Curves of a run, or means over several runs.

  Attributes:
    name: Name for tables and legends.
    members: Names of the averaged runs; empty for a run.
    recipe: Description of the run without its seed, as JSON.
    seed: Seed of the run; None for a mean.
    curves: Curves by name, meta-training first and test data sets last.
  """

  name: str
  members: tuple[str, ...]
  recipe: str
  seed: int | None
  curves: dict[CurveName, Curve]


def read_runs(logdirs: Sequence[str]) -> list[RunCurves]:
  """Reads the curves of several runs.

  Args:
    logdirs: Log folders of the runs. Runs are named after the last parts of the
      paths, or after the whole paths if the last parts are not distinct.

  Returns:
    Curves of every run.

  Raises:
    FileNotFoundError: if a folder holds no run.
    ValueError: if a run has no curves or its files are damaged.
  """
  names = [os.path.basename(logdir.rstrip("/")) for logdir in logdirs]
  if len(set(names)) < len(names):
    names = list(logdirs)
  return [_read_run(logdir, name) for logdir, name in zip(logdirs, names)]


def mean_over_seeds(runs: Sequence[RunCurves]) -> list[RunCurves]:
  """Averages runs that differ only in their seeds.

  Args:
    runs: Curves of runs with any recipes.

  Returns:
    Mean of every recipe with at least two runs, at the steps that all of these
    runs have.

  Raises:
    ValueError: if no two runs have the same recipe, or two runs have the same
      recipe and seed.
  """
  means = []
  for recipe in dict.fromkeys(run.recipe for run in runs):
    own = [run for run in runs if run.recipe == recipe]
    _check_seeds(own)
    if len(own) > 1:
      means.append(_mean(own))
  if not means:
    raise ValueError(
      "Expected at least two runs that differ only in their seeds. Received: "
      f"{', '.join(run.name for run in runs)}"
    )
  return means


def _check_seeds(runs: Sequence[RunCurves]) -> None:
  seeds = [run.seed for run in runs]
  again = [run for run in runs if seeds.count(run.seed) > 1]
  if again:
    received = ", ".join(f"{run.name} with seed={run.seed}" for run in again)
    raise ValueError(
      f"Expected runs with different seeds. Received: {received}"
    )


def _read_run(logdir: str, name: str) -> RunCurves:
  recipe, seed = _read_recipe(logdir)
  points = _read_events(tf.io.gfile.join(logdir, TENSORBOARD_FOLDER))
  for row in read_results(logdir):
    for quantity, value in row["validation"].items():
      own = points.setdefault(CurveName(META_VALIDATION, quantity), {})
      own.setdefault(row["step"], value)  # Scores of the run come first.
    for data, accuracies in row["suite"].items():
      own = points.setdefault(CurveName(data, ACCURACY), {})
      own[row["step"]] = accuracies[DECISIVE_READOUT]
  if not points:
    raise ValueError(
      f"Expected a run with at least one outer step. Received: {logdir!r}"
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
  """Returns the description of a run without its seed, and the seed."""
  description = read_fields(logdir)
  seed = description["config"].pop("seed")
  return json.dumps(description, sort_keys=True), seed


def _read_events(folder: str) -> dict[CurveName, dict[int, float]]:
  """Reads values by step; the last one of a step that was repeated."""
  if not tf.io.gfile.isdir(folder):
    return {}
  events = event_accumulator.EventAccumulator(
    folder,
    {event_accumulator.TENSORS: 0},  # Reads all points, not a sample.
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
