# SPDX-License-Identifier: Apache-2.0
"""Tests of rules designed by hand in the evaluation script."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import evaluate
from experiments.common import data, evaluation_setup, rule_choice
from lurl_tf.rule import Backpropagation, Oja
from lurl_tf.structures import LabelledExamples

NAMES = ("backpropagation", "hebbian", "oja", "sanger", "soft_winner_take_all")


@pytest.fixture(name="tiny_data", autouse=True)
def fixture_tiny_data(monkeypatch):
  """Two noisy classes of nine inputs in place of a data set."""

  def load(name, split, *options):
    del name, options
    rng = np.random.default_rng(["train", "test"].index(split))
    labels = np.repeat([0, 1], 45).astype(np.int32)
    inputs = rng.uniform(size=[90, 9]) + 0.3 * labels[:, None]
    return LabelledExamples(
      inputs.astype(np.float32), labels, ("a", "b"), (3, 3, 1)
    )

  monkeypatch.setattr(data, "load_examples", load)


def run(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {name: str(value) for name, value in values.items()}
  with flagsaver.as_parsed(**texts):
    evaluate.main()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_is_evaluated_under_its_name(name, tmp_path, capsys):
  path = tmp_path / "results.json"
  run(
    rule=name,
    units="6,4",
    inner_steps=2,
    batch_size=8,
    episodes=1,
    examples_per_class=5,
    results=path,
  )
  value = json.loads(path.read_text())
  assert value["rule"] == name
  assert [row["method"] for row in value["rows"][::3]] == [
    "raw_inputs",
    "random_init",
    name,
  ]
  assert "untrained" not in capsys.readouterr().out


def test_choice_and_defaults():
  choice = rule_choice.choose_rule("oja")
  assert isinstance(choice.hand_designed, Oja)
  assert choice.learned is None
  assert choice.untrained is None
  config = evaluation_setup.make_config(choice)
  metadata = choice.hand_designed.metadata
  assert config.units == metadata.units
  assert config.inner_steps == (100,)
  assert config.learning_rates == metadata.inner_learning_rates
  assert config.dtype == "float32"


def test_a_learned_choice_has_no_hand_designed_rule():
  choice = rule_choice.choose_rule("untrained")
  assert choice.hand_designed is None
  assert choice.dtype == choice.untrained.config.dtype


def test_inner_learning_rate():
  choice = rule_choice.choose_rule("oja")
  config = evaluation_setup.make_config(choice, inner_learning_rate=0.25)
  assert config.learning_rates == (0.25,)


def test_the_flag_reaches_the_evaluation(monkeypatch):
  seen = []
  monkeypatch.setattr(
    evaluate, "check_evaluation", lambda *given: seen.append(given[-1])
  )
  monkeypatch.setattr(evaluate, "compare", lambda *given, **named: None)
  monkeypatch.setattr(evaluate, "as_text", lambda *given: "")
  run(rule="oja", inner_learning_rate=0.25)
  assert seen[0].learning_rates == (0.25,)


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ({"rule": "ojja"}, "Hand-designed rules: .*oja"),
    ({"rule": "oja", "inner_learning_rate": 0}, "learning_rates"),
    ({"rule": "backpropagation", "activation": "tanh"}, "'relu'"),
    ({"rule": "backpropagation", "units": 1}, "2 classes"),
  ],
)
def test_bad_input_is_a_message(values, message):
  with pytest.raises(SystemExit, match=f"Error: .*{message}"):
    run(batch_size=8, examples_per_class=5, **values)


def test_backpropagation_is_the_one_of_its_name():
  choice = rule_choice.choose_rule("backpropagation")
  assert isinstance(choice.hand_designed, Backpropagation)
