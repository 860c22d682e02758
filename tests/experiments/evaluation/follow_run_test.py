# SPDX-License-Identifier: Apache-2.0
"""Tests of a process that follows a run, on tiny data, without graphs."""

import json

import numpy as np
import pytest
import tensorflow as tf

from experiments.common import evaluation_setup
from experiments.common.rule_choice import RuleChoice
from experiments.evaluation import follow_run
from experiments.evaluation.follow_run import Follower, SuiteEntry, read_results
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  compare,
)
from lurl_tf.json_fields import from_json
from lurl_tf.meta import MetaTrainConfig, Validation
from lurl_tf.meta.runs import session
from lurl_tf.meta.runs.card import rule_metadata
from lurl_tf.meta.runs.description import read_description
from lurl_tf.meta.runs.session import continue_run, prepare_run
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.presets import PresetMetadata
from lurl_tf.readouts import READOUTS
from lurl_tf.rule import UpdateRule
from tests import tiny_meta
from tests.event_files import read_charts, read_curves, read_pictures


@pytest.fixture(autouse=True)
def fixture_eager():
  with tiny_meta.eagerly():
    yield


@pytest.fixture(name="path", params=["local", "ram"])
def fixture_path(request, tmp_path):
  if request.param == "local":
    return str(tmp_path / "run")
  return f"ram://{tmp_path.name}-{id(request)}/run"


def make_config(**fields):
  own = {
    "units": (6,),
    "slots": 2,
    "unroll": {"max_steps": 2},
    "min_truncation": 1,
    "learn_inner_rates": True,
  }
  return tiny_meta.make_config(**{**own, **fields})


def train(path, monkeypatch, num_steps, **fields):
  """A run's steps; its trainer."""

  def load(tasks, use, data_dir, seed):
    config = make_config(tasks=tasks, seed=seed)
    return tiny_meta.make_samplers(config, use=use)

  monkeypatch.setattr(session, "load_samplers", load)
  run = prepare_run(make_config(**fields), path, tasks_name="tiny")
  continue_run(run, num_steps, checkpoint_every=1)
  return run.trainer


def make_evaluation(metadata):
  """The evaluation that a rule of these metadata gets."""
  return evaluation_setup.make_config(
    RuleChoice("run", None, UpdateRule(make_config().rule), metadata),
    examples_per_class=3,
    inner_steps=[2],
    episodes=2,
    batch_size=8,
  )


def make_follower(path, losses):
  """A follower whose validation finds these losses, one after the other."""
  description = read_description(path)
  config = description.config
  samplers = tiny_meta.make_samplers(config, use="meta_validation")
  validation = Validation(samplers, config, rounds=1)
  losses = iter(losses)
  validation.score = lambda _: ValidationScore(next(losses), 0.25)
  examples = tiny_meta.make_examples()
  return Follower(
    path,
    description,
    rule_metadata(config, samplers[0], description.tasks),
    validation,
    [SuiteEntry("tiny", examples, examples)],
    lambda choice: make_evaluation(choice.metadata),
  )


def test_every_checkpoint_is_scored_once_and_the_best_kept(
  path, monkeypatch, capsys
):
  trainer = train(path, monkeypatch, 2)
  first = make_follower(path, [0.5, 0.75])
  waits = []
  first.follow(timeout=1.0, sleep=waits.append)
  assert waits == [5.0]
  # A later process knows what was done.
  trainer = train(path, monkeypatch, 3)
  second = make_follower(path, [0.625])
  second.follow(timeout=1.0, sleep=waits.append)
  rows = read_results(path)
  assert [row["step"] for row in rows] == [1, 2, 3]
  assert [row["validation"]["loss"] for row in rows] == [0.5, 0.75, 0.625]
  best = UpdateRule.from_preset(tf.io.gfile.join(path, "evaluation/best_rule"))
  assert (best.metadata.outer_steps, best.metadata.validation.loss) == (1, 0.5)
  assert capsys.readouterr().out.count("the best so far") == 1
  # The last row is what `evaluate` says of the rule that the run ended with.
  rule = UpdateRule.from_preset(path)
  tiny_meta.assert_all_equal(
    [value.numpy() for value in rule.meta_parameters],
    tiny_meta.theta_of(trainer),
  )
  config = make_evaluation(rule.metadata)
  examples = tiny_meta.make_examples()
  result = compare({LEARNED_RULE: rule}, (examples, examples), config)
  for readout, accuracy in rows[-1]["suite"]["tiny"].items():
    expected = result.score(LEARNED_RULE, readout, 2).mean
    np.testing.assert_allclose(accuracy, expected, rtol=1e-12)


def test_curves(tmp_path, monkeypatch):
  train(str(tmp_path), monkeypatch, 2)
  make_follower(str(tmp_path), [0.5, 0.75]).follow(1.0, lambda _: None)
  folder = tmp_path / "evaluation" / "tensorboard"
  curves = read_curves(folder)
  assert [step for step, _ in curves["validation/loss"]] == [1, 2]
  assert "tiny/ridge_loo" in curves
  # Lines of the baselines, which `evaluate` finds for the untrained rule.
  config = read_description(str(tmp_path)).config
  examples = tiny_meta.make_examples()
  rule = UpdateRule(config.rule, config.seed)
  methods = {name: name for name in (RAW_INPUTS, RANDOM_INIT)}
  result = compare(
    {**methods, UNTRAINED_RULE: rule},
    (examples, examples),
    make_evaluation(
      PresetMetadata(
        units=(6,),
        inner_steps=config.max_horizon,
        inner_learning_rates=config.inner_learning_rates,
      )
    ),
  )
  for method in (RAW_INPUTS, RANDOM_INIT, UNTRAINED_RULE):
    for score in result.scores:
      if score.method == method:
        expected = pytest.approx(score.mean)
        lines = read_curves(tmp_path / "evaluation" / method)
        assert lines[f"tiny/{score.readout}"] == [
          (1, expected),
          (2, expected),
        ]
  assert {name for name in curves if name.startswith("tiny/")} == {
    f"tiny/{readout}" for readout in READOUTS
  }
  # A cell for each of the four classes.
  assert read_pictures(folder)["tiny/confusion"].shape[-1] == 3
  (chart, *_) = read_charts(folder)["Accuracy on tiny"]
  assert chart == ("ridge_loo", ["tiny/ridge_loo$"])


def test_the_validation_is_that_of_the_trainer(tmp_path, monkeypatch):
  """Read back from the checkpoint, and averaged over time."""
  trainer = train(str(tmp_path), monkeypatch, 1, average_decay=0.9)
  description = read_description(str(tmp_path))
  assert description.config == trainer.config
  samplers = tiny_meta.make_samplers(trainer.config, use="meta_validation")
  validation = Validation(samplers, trainer.config, rounds=1)
  follower = make_follower(str(tmp_path), [])
  follower._validation = validation
  follower.follow(1.0, lambda _: None)
  (row,) = read_results(str(tmp_path))
  expected = validation.score(trainer.parameters())
  assert row["validation"] == expected._asdict()


def test_a_checkpoint_that_is_removed_meanwhile_is_passed_over(
  tmp_path, monkeypatch, capsys
):
  train(str(tmp_path), monkeypatch, 2)
  for data in tmp_path.glob("checkpoints/ckpt-1.data*"):
    data.unlink()
  follower = make_follower(str(tmp_path), [0.5])
  follower.follow(1.0, lambda _: None)
  assert [row["step"] for row in read_results(str(tmp_path))] == [2]
  assert "skipped step 1" in capsys.readouterr().out


def test_checkpoints_are_listed_once_the_baselines_are_scored(
  tmp_path, monkeypatch
):
  """That takes a while: the run removes and adds some."""
  description = {"tasks": "tiny", "config": make_config().to_json()}
  (tmp_path / "run.json").write_text(json.dumps(description))
  folder = tmp_path / "checkpoints"
  folder.mkdir()
  (folder / "ckpt-1.index").touch()
  follower = make_follower(str(tmp_path), [])
  seen = []

  def score_baselines():
    (folder / "ckpt-1.index").rename(folder / "ckpt-2.index")
    return {}

  monkeypatch.setattr(follow_run, "read_rule", lambda *_: None)
  follower.score_baselines = score_baselines
  follower.score = lambda saved, _: seen.append(saved.step)
  follower._take_down = lambda *_: None
  follower.follow(1.0, lambda _: None)
  assert seen == [2]


def test_descriptions_round_trip():
  """Of all there is, whatever a run is made of."""
  config = MetaTrainConfig()
  assert from_json(MetaTrainConfig, config.to_json()) == config
