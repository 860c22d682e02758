# SPDX-License-Identifier: Apache-2.0
"""Tests that a run's inner optimizer is kept, checked and used again."""

import json

import pytest

from experiments import meta_train
from experiments.common import evaluation_setup
from experiments.common.rule_choice import RuleChoice, choose_rule
from lurl_tf.meta.runs.session import continue_run, prepare_run
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from tests import tiny_meta

ADAM = InnerOptimizerConfig("adam", epsilon=0.01)


@pytest.fixture(autouse=True)
def fixture_tiny():
  with tiny_meta.eagerly(), tiny_meta.tiny_data():
    yield


def config_of(**values):
  with tiny_meta.parsed_flags(**values):
    return meta_train.config_from_flags()


def test_flags():
  assert config_of().inner_optimizer == InnerOptimizerConfig()
  config = config_of(inner_optimizer="adam epsilon=0.01")
  assert config.inner_optimizer == ADAM
  config = config_of(inner_optimizer="sgd momentum=0.5")
  assert config.inner_optimizer == InnerOptimizerConfig("sgd", momentum=0.5)
  with pytest.raises(ValueError, match="momentum=1.0"):
    config_of(inner_optimizer="sgd momentum=1.0")


def test_a_run_is_described_and_evaluated_by_its_inner_optimizer(tmp_path):
  config = config_of(inner_optimizer="adam epsilon=0.01")
  run = prepare_run(config, str(tmp_path), "quick")
  continue_run(run, num_steps=1, checkpoint_every=1)
  description = json.loads((tmp_path / "run.json").read_text())
  kept = description["config"]["inner_optimizer"]
  assert (kept["name"], kept["epsilon"]) == ("adam", 0.01)
  choice = choose_rule(str(tmp_path))
  text = choice.metadata.inner_optimizer
  assert text == "adam beta_1=0.9 beta_2=0.999 epsilon=0.01"
  assert evaluation_setup.make_config(choice).inner_optimizer == ADAM
  # It goes on with the very same optimizer only.
  assert prepare_run(config, str(tmp_path), "quick").trainer.step == 1
  for values, expected in (
    ({}, "config.inner_optimizer.name: adam became decayed_sgd"),
    (
      {"inner_optimizer": "adam epsilon=0.1"},
      "config.inner_optimizer.epsilon: 0.01 became 0.1",
    ),
  ):
    with pytest.raises(ValueError, match=expected):
      prepare_run(config_of(**values), str(tmp_path), "quick")


def test_a_run_of_an_older_version_goes_on(tmp_path):
  """Its description has no inner optimizer: it was the published one."""
  run = prepare_run(config_of(), str(tmp_path), "quick")
  continue_run(run, num_steps=1, checkpoint_every=1)
  file = tmp_path / "run.json"
  description = json.loads(file.read_text())
  del description["config"]["inner_optimizer"]
  file.write_text(json.dumps(description))
  assert prepare_run(config_of(), str(tmp_path), "quick").trainer.step == 1
  with pytest.raises(ValueError, match="name: decayed_sgd became adam"):
    prepare_run(config_of(inner_optimizer="adam"), str(tmp_path), "quick")


def test_presets_of_an_older_version_were_made_with_the_published_one():
  rule = UpdateRule(tiny_meta.make_rule_config())
  choice = RuleChoice("old", rule, rule, PresetMetadata())
  config = evaluation_setup.make_config(choice)
  assert config.inner_optimizer == InnerOptimizerConfig()
