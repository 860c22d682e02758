# SPDX-License-Identifier: Apache-2.0
"""Tests that the curves of a log folder are the numbers that went into it."""

import json

import numpy as np
import pytest

from experiments.curves.runs import (
  ACCURACY,
  LOSS,
  META_TRAINING,
  META_VALIDATION,
  Curve,
  CurveName,
  mean_over_seeds,
  read_runs,
)
from lurl_tf import files
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.summaries import SummaryWriter

TRAINING_LOSS = CurveName(META_TRAINING, LOSS)
VALIDATION_LOSS = CurveName(META_VALIDATION, LOSS)
MNIST = CurveName("mnist", ACCURACY)


def make_run(folder, losses, seed=0, tasks="quick", rows=(), first_step=1):
  """A log folder with these losses, one after the other."""
  folder.mkdir(exist_ok=True)
  description = {"tasks": tasks, "replicas": 1, "config": {"seed": seed}}
  (folder / "run.json").write_text(json.dumps(description))
  add_session(folder, losses, first_step)
  if rows:
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    files.write_atomically(
      folder / "evaluation" / "results.jsonl", lines.encode()
    )
  return str(folder)


def add_session(folder, losses, first_step):
  writer = SummaryWriter(folder / "tensorboard")
  for step, loss in enumerate(losses, first_step):
    writer.scalars(step, {"meta/loss": loss, "meta/penalty": 7.0})
  writer.flush()


def make_row(step, loss, accuracy):
  return {
    "step": step,
    "validation": {"loss": loss, "accuracy": 0.5},
    "suite": {"mnist": {"ridge": 0.125, "ridge_loo": accuracy}},
  }


def read(logdir):
  (run,) = read_runs([logdir])
  return run


def test_all_points_are_read(tmp_path):
  """More than TensorBoard would show of a curve."""
  losses = np.random.default_rng(0).random(700).astype(np.float32)
  run = read(make_run(tmp_path / "mine", losses))
  assert run.name == "mine"
  assert list(run.curves) == [TRAINING_LOSS]
  curve = run.curves[TRAINING_LOSS]
  np.testing.assert_array_equal(curve.steps, np.arange(1, 701))
  np.testing.assert_array_equal(curve.values, losses)


def test_a_step_that_was_done_again_counts_once(tmp_path):
  """As after a crash: a later session begins at the last checkpoint."""
  logdir = make_run(tmp_path, [4.0, 3.0, 2.0])
  add_session(tmp_path, [1.0, 0.5], first_step=3)
  curve = read(logdir).curves[TRAINING_LOSS]
  np.testing.assert_array_equal(curve.steps, [1, 2, 3, 4])
  np.testing.assert_array_equal(curve.values, [4, 3, 1, 0.5])


def test_what_a_follower_found_is_added(tmp_path):
  rows = [make_row(30, 0.5, 0.75), make_row(10, 0.25, 0.625)]
  logdir = make_run(tmp_path, [1.0], rows=rows)
  writer = SummaryWriter(tmp_path / "tensorboard")
  for step, loss in ((10, 0.375), (20, 0.3125)):
    writer.scalars(step, {"validation/loss": loss})
  writer.flush()
  curves = read(logdir).curves
  assert list(curves)[0] == TRAINING_LOSS and list(curves)[-1] == MNIST
  np.testing.assert_array_equal(curves[MNIST].steps, [10, 30])
  np.testing.assert_array_equal(curves[MNIST].values, [0.625, 0.75])
  validation = curves[VALIDATION_LOSS]
  np.testing.assert_array_equal(validation.steps, [10, 20, 30])
  np.testing.assert_array_equal(validation.values, [0.375, 0.3125, 0.5])


def test_smoothing_is_a_weighted_mean_of_the_past():
  rng = np.random.default_rng(0)
  values = rng.normal(size=30)
  values[[0, 7]] = np.nan
  smoothed = Curve(np.arange(30), values).smoothed(0.8).values
  assert np.isnan(smoothed[0])
  for place in range(1, 30):
    past = values[: place + 1]
    weights = 0.8 ** np.arange(place, -1, -1) * np.isfinite(past)
    expected = np.average(np.nan_to_num(past), weights=weights)
    np.testing.assert_allclose(smoothed[place], expected)
  same = Curve(np.arange(30), values).smoothed(0.0).values
  np.testing.assert_array_equal(same[8:], values[8:])


def test_means_are_of_runs_that_differ_by_their_seeds(tmp_path):
  logdirs = [
    make_run(tmp_path / "a", [1.0, 2.0, 3.0], seed=0),
    make_run(tmp_path / "b", [5.0], tasks="compact"),
    make_run(tmp_path / "c", [4.0, 8.0], seed=1, first_step=2),
  ]
  runs = read_runs(logdirs)
  (mean,) = mean_over_seeds(runs)
  assert (mean.name, mean.members) == ("mean of a, c", ("a", "c"))
  np.testing.assert_array_equal(mean.curves[TRAINING_LOSS].steps, [2, 3])
  np.testing.assert_array_equal(mean.curves[TRAINING_LOSS].values, [3, 5.5])
  with pytest.raises(ValueError, match="Received: a, b"):
    mean_over_seeds(runs[:2])


def test_an_older_run_lacks_fields_but_is_of_the_same_recipe(tmp_path):
  logdirs = [make_run(tmp_path / "a", [1.0]), make_run(tmp_path / "b", [1.0])]
  newer = {
    "tasks": "quick",
    "replicas": 1,
    "initial_rule": None,
    "config": MetaTrainConfig(seed=1).to_json(),
  }
  (tmp_path / "b" / "run.json").write_text(json.dumps(newer))
  (mean,) = mean_over_seeds(read_runs(logdirs))
  assert mean.members == ("a", "b")


def test_a_seed_counts_once_in_a_mean(tmp_path):
  """A run's copy, or the same run by another path."""
  logdirs = [
    make_run(tmp_path / name, [1.0], seed=seed)
    for name, seed in (("a", 3), ("b", 4), ("c", 3))
  ]
  with pytest.raises(ValueError, match="Received: a .*seed=3, c .*seed=3"):
    mean_over_seeds(read_runs(logdirs))
  again = read_runs([*logdirs[:2], f"{logdirs[0]}/"])
  with pytest.raises(ValueError, match="different seeds. Received: .*seed=3"):
    mean_over_seeds(again)
  # Those of another recipe are not in the mean.
  other = make_run(tmp_path / "d", [1.0], seed=3, tasks="compact")
  (mean,) = mean_over_seeds(read_runs([*logdirs[:2], other]))
  assert mean.members == ("a", "b")


def test_runs_of_one_name_are_called_by_their_paths(tmp_path):
  logdirs = []
  for folder in ("x", "y"):
    (tmp_path / folder).mkdir()
    logdirs.append(make_run(tmp_path / folder / "run", [1.0]) + "/")
  assert [run.name for run in read_runs(logdirs)] == logdirs


def test_what_is_no_run_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="run.json. Received: .*nothing"):
    read(str(tmp_path / "nothing"))
  logdir = make_run(tmp_path, [1.0], rows=[make_row(1, 1.0, 1.0)])
  results = tmp_path / "evaluation" / "results.jsonl"
  results.write_text('{"step": 1')
  with pytest.raises(ValueError, match="lines of JSON. Received: .*results"):
    read(logdir)
  (tmp_path / "run.json").write_text('{"tasks": "quick"}')
  message = "must be whole, and of this version. Received: .*run.json"
  with pytest.raises(ValueError, match=message):
    read(logdir)


def test_a_run_without_curves_is_named(tmp_path):
  (tmp_path / "run.json").write_text('{"config": {"seed": 0}}')
  with pytest.raises(ValueError, match="at least one outer step. Received"):
    read(str(tmp_path))
