# SPDX-License-Identifier: Apache-2.0
"""Tests of the script that compares, run in this process on tiny data."""

import json

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import compare
from experiments.common import data, rule_choice
from experiments.common import flags as shared_flags
from experiments.common.evaluation_setup import make_config
from lurl_tf.baselines import KMeansTriangle
from lurl_tf.tasks import EpisodeConfig, TaskSampler
from tests.baselines.clusters import make_examples

EPISODES = EpisodeConfig(
  classes_per_task=3, batch_size=10, support_per_class=2, query_per_class=3
)


@pytest.fixture(name="tiny_data", autouse=True)
def fixture_tiny_data(monkeypatch):
  def load(name, split, *options):
    assert (name, *options) == ("tiny", None, None, 1, "area")
    return make_examples(80, seed=["train", "test"].index(split))

  monkeypatch.setattr(data, "load_examples", load)


def make_tasks(*_):
  return compare.Tasks(
    *(
      TaskSampler(make_examples(), EPISODES, use=use)
      for use in ("meta_train", "meta_validation")
    )
  )


def run(**values):
  flags.FLAGS.mark_as_parsed()
  own = {
    "rule": "hebbian",
    "dataset": "tiny",
    "units": "6,4",
    "inner_steps": 2,
    "batch_size": 8,
    "episodes": 2,
    "baselines": "raw_inputs,label_spreading",
    "examples_per_class": "1,2",
  }
  texts = {name: str(value) for name, value in (own | values).items()}
  with flagsaver.as_parsed(**texts):
    compare.main()


def test_flags_to_tables_json_and_picture(tmp_path, capsys):
  path = tmp_path / "out" / "results.json"
  run(rule="hebbian,oja", results=path)
  value = json.loads(path.read_text())
  assert value["reference"] == "hebbian"
  assert value["units"] == [6, 4]
  methods = dict.fromkeys(score["method"] for score in value["scores"])
  assert list(methods) == [
    "hebbian",
    "oja",
    "random_init",
    "raw_inputs",
    "label_spreading",
  ]
  assert {s["examples_per_class"] for s in value["scores"]} == {1, 2}
  assert len(value["contests"]) == 8
  assert (tmp_path / "out" / "results.png").stat().st_size > 1000
  printed = capsys.readouterr().out
  assert "label_spreading*" in printed
  assert "hebbian minus each method" in printed


def test_an_interruption_leaves_what_is_done(tmp_path, monkeypatch, capsys):
  class Stopped(compare.Interruption):
    requested = property(lambda self: True, lambda self, value: None)

  monkeypatch.setattr(compare, "Interruption", Stopped)
  path = tmp_path / "results.json"
  run(results=path)
  scores = json.loads(path.read_text())["scores"]
  assert {score["method"] for score in scores} == {"hebbian"}
  assert "hebbian" in capsys.readouterr().out


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ({"baselines": "pca_33"}, "pca_32.*Received: 'pca_33'"),
    ({"rule": "hebian"}, "hebian"),
    ({"rule": "oja,"}, "rule='oja,'"),
    ({"examples_per_class": "1,50"}, "20 examples"),
    ({"train_examples": 81}, "Received: --train_examples=81"),
    ({"batch_size": 81}, "batch_size=81"),
    ({"baselines": "protonets"}, "square images.*Received: .*3, 4, 1"),
    ({"rule": "hebbian,backpropagation", "units": "6,3"}, "4 classes"),
    ({"results": "/proc/no/results.json"}, "Received: path="),
  ],
)
def test_bad_input_is_a_message_before_any_work(values, message, capsys):
  with pytest.raises(SystemExit, match=f"(?s)Error: .*{message}"):
    run(**values)
  assert capsys.readouterr().out == ""


def test_several_numbers_of_examples_are_for_comparisons_only():
  flags.FLAGS.mark_as_parsed()
  with flagsaver.as_parsed(examples_per_class="1,2"):
    with pytest.raises(ValueError, match="Received: --examples_per_class=1,2"):
      print(shared_flags.EXAMPLES_PER_CLASS.value)
  with flagsaver.as_parsed(examples_per_class="3"):
    assert shared_flags.EXAMPLES_PER_CLASS.value == 3


def test_learned_rules_bring_their_untrained_twin():
  choices = [rule_choice.choose_rule(name) for name in ("pooled", "untrained")]
  configs = [make_config(choice) for choice in choices]
  rules = compare.rules_to_compare(choices, configs)
  assert list(rules) == ["pooled", "pooled_untrained", "untrained"]
  assert rules["pooled"].rule is choices[0].learned


def test_options_are_tuned():
  reports = []
  tuned = compare.tune_options(
    {"k_means": KMeansTriangle(4)},
    make_tasks(),
    70,
    lambda *report: reports.append(report),
  )
  assert tuned["k_means"] in KMeansTriangle(4).candidates()
  assert [report[2:] for report in reports] == [(1, 2), (2, 2)]
