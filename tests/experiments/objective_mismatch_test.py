# SPDX-License-Identifier: Apache-2.0
"""Tests of the script, run in this process on tiny data."""

import dataclasses
import json

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import objective_mismatch
from experiments.common import data
from lurl_tf import baselines
from lurl_tf.baselines.networks import keras_networks
from lurl_tf.tasks import EpisodeConfig, TaskSampler
from tests.baselines.clusters import make_examples
from tests.tiny_meta import eagerly

EPISODES = EpisodeConfig(
  classes_per_task=3, support_per_class=2, query_per_class=3
)
METHODS = ["random_init", "protonets", "protonets_permuted", "hebbian", "oja"]


@pytest.fixture(autouse=True)
def fixture_tiny(monkeypatch):
  """Small data, and trainings of a few steps."""

  def load(name, split, *options):
    assert (name, *options) == ("tiny", None, None, 1, "area")
    return make_examples(80, seed=["train", "test"].index(split))

  def get(*args):
    return {
      name: dataclasses.replace(each, episodes=2)
      if hasattr(each, "episodes")
      else each
      for name, each in named(*args).items()
    }

  named = baselines.get
  monkeypatch.setattr(baselines, "get", get)
  monkeypatch.setattr(keras_networks, "LEAST_STEPS", 2)
  monkeypatch.setattr(data, "load_examples", load)


@pytest.fixture(name="tiny_tasks")
def fixture_tiny_tasks(monkeypatch):
  def load_sampler(*args):
    assert args == ("quick", "meta_train", (3, 4, 1), (5, 4), None, 0)
    return TaskSampler(make_examples(), EPISODES)

  monkeypatch.setattr(objective_mismatch, "load_sampler", load_sampler)


def run(**values):
  flags.FLAGS.mark_as_parsed()
  own = {
    "rule": "hebbian,oja",
    "dataset": "tiny",
    "units": "5,4",
    "inner_steps": 2,
    "batch_size": 8,
    "episodes": 2,
    "examples_per_class": 2,
    "epochs": 2,
  }
  texts = {name: str(value) for name, value in (own | values).items()}
  with flagsaver.as_parsed(**texts), eagerly():
    objective_mismatch.main()


@pytest.mark.usefixtures("tiny_tasks")
def test_flags_to_tables_json_and_picture(tmp_path, capsys):
  path, plot = tmp_path / "out" / "results.json", tmp_path / "plot.png"
  run(results=path, plot=plot)
  value = json.loads(path.read_text())
  assert (value["dataset"], value["tasks"]) == ("tiny", "quick")
  assert value["units"] == [5, 4]
  assert [each["method"] for each in value["permutation"]] == METHODS
  assert [each["epoch"] for each in value["training"]] == [1, 2]
  assert plot.read_bytes().startswith(b"\x89PNG")
  printed = capsys.readouterr().out
  assert "permuted minus stored" in printed and "vae  epoch 2/2" in printed
  assert "In a mismatch the loss improves" in printed


def test_an_interruption_leaves_what_is_done(tmp_path, monkeypatch, capsys):
  class Stopped(objective_mismatch.Interruption):
    requested = property(lambda self: True, lambda self, value: None)

  monkeypatch.setattr(objective_mismatch, "Interruption", Stopped)
  path = tmp_path / "results.json"
  run(sweep="training", results=path, vae_learning_rate=0.125)
  value = json.loads(path.read_text())
  assert [each["epoch"] for each in value["training"]] == [1]
  assert [each["method"] for each in value["permutation"]] == METHODS[:1]
  printed = capsys.readouterr().out
  assert "loss on held-out examples" in printed
  assert "permuted minus stored" not in printed


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ({"sweep": "traning"}, "Received: --sweep=traning. Near names: training"),
    ({"rule": "hebian"}, "hebian"),
    ({"rule": "oja,"}, "rule='oja,'"),
    ({"examples_per_class": 21}, "20 examples"),
    ({"train_examples": 81}, "Received: --train_examples=81"),
    ({"vae_learning_rate": 0}, "Received: learning_rate=0.0"),
    ({}, "square images.*Received: .*3, 4, 1"),
    ({"plot": "/proc/no/plot.png"}, "Received: path="),
  ],
)
def test_bad_input_is_a_message_before_any_work(values, message, capsys):
  with pytest.raises(SystemExit, match=f"(?s)Error: .*{message}"):
    run(**values)
  assert capsys.readouterr().out == ""
