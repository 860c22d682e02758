# SPDX-License-Identifier: Apache-2.0
"""Tests of the script on a run of this library, on tiny data."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import meta_curves
from lurl_tf.meta.runs import session
from lurl_tf.meta.runs.session import continue_run, prepare_run
from tests import tiny_meta


@pytest.fixture(name="runs", scope="module")
def fixture_runs(tmp_path_factory):
  """Two seeds of one recipe: log folders, and what the runs said."""

  def load(tasks, use, data_dir, seed):
    config = tiny_meta.make_config(units=(6,), tasks=tasks, seed=seed)
    return tiny_meta.make_samplers(config, use=use)

  folder, found = tmp_path_factory.mktemp("runs"), {}
  with pytest.MonkeyPatch.context() as patch, tiny_meta.eagerly():
    patch.setattr(session, "load_samplers", load)
    for seed in (1, 2):
      config = tiny_meta.make_config(
        units=(6,),
        slots=2,
        unroll={"max_steps": 2},
        min_truncation=1,
        max_horizon=4,
        min_horizon=4,
        seed=seed,
      )
      logdir = str(folder / f"seed_{seed}")
      run = prepare_run(config, logdir, tasks_name="tiny", validate=True)
      found[logdir] = continue_run(
        run, num_steps=2, checkpoint_every=2, validate_every=1
      )
  return found


def run_script(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {name: str(value) for name, value in values.items()}
  with flagsaver.as_parsed(**texts):
    meta_curves.main()


def curves_of(run):
  return {
    (each["data"], each["quantity"]): (each["steps"], each["values"])
    for each in run["curves"]
  }


def test_curves_are_what_the_runs_said(runs, tmp_path, capsys):
  results, plot = tmp_path / "out" / "curves.json", tmp_path / "plot.png"
  run_script(runs=",".join(runs), mean=True, results=results, plot=plot)
  *own, mean = json.loads(results.read_text())["runs"]
  for run, summary in zip(own, runs.values()):
    curves = curves_of(run)
    steps, losses = curves["meta-training", "loss"]
    assert steps == [1, 2]
    # Of both steps: the first twenty and the last twenty are the same ones.
    np.testing.assert_allclose(np.mean(losses), summary.last.loss, rtol=1e-6)
    for quantity in ("loss", "accuracy"):
      steps, values = curves["meta-validation", quantity]
      expected = [getattr(score, quantity) for _, score in summary.validations]
      assert steps == [step for step, _ in summary.validations]
      np.testing.assert_allclose(values, expected, rtol=1e-6)
  assert mean["members"] == ["seed_1", "seed_2"]
  assert plot.read_bytes().startswith(b"\x89PNG")
  printed = capsys.readouterr().out
  assert "mean of seed_1, seed_2" in printed
  assert "experiments.watch --suite=mnist" in printed


def test_one_run(runs, capsys):
  run_script(logdir=next(iter(runs)))
  assert "seed_1" in capsys.readouterr().out


def test_bad_input_is_a_message(runs, tmp_path, capsys):
  first = next(iter(runs))
  for values, message in (
    ({}, "Received: none"),
    ({"runs": f"{first},{first}"}, "each once"),
    ({"logdir": tmp_path}, "Received: "),
    ({"logdir": first, "mean": True}, "Received: seed_1"),
    ({"logdir": first, "plot": "/proc/no/plot.png"}, "Received: path="),
  ):
    with pytest.raises(SystemExit, match=f"Error: .*{message}"):
      run_script(**values)
  assert capsys.readouterr().out == ""
