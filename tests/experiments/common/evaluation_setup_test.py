# SPDX-License-Identifier: Apache-2.0
"""Tests that a rule is evaluated as it was made, but for what is asked for."""

import pytest

from experiments.common import evaluation_setup, rule_choice
from tests.experiments.saved_rule import save_rule


@pytest.fixture(name="rule_folder")
def fixture_rule_folder(tmp_path):
  return save_rule(tmp_path)


def test_defaults_are_the_rules_own(rule_folder):
  choice = rule_choice.choose_rule(rule_folder)
  config = evaluation_setup.make_config(choice)
  assert config.units == (10, 6)
  assert config.activation == "tanh"
  assert config.batch_size == 8
  assert config.inner_steps == (3,)
  assert config.learning_rates == (0.1, 0.01)
  assert config.horizon == 3
  assert (config.initial_weights, config.label_draws) == (5, 4)
  assert not config.jit_compile


def test_long_trainings_are_compiled(rule_folder):
  choice = rule_choice.choose_rule(rule_folder)
  assert evaluation_setup.make_config(choice, inner_steps=(1, 1000)).jit_compile


def test_flags_take_the_place_of_the_rules_own(rule_folder):
  choice = rule_choice.choose_rule(rule_folder)
  config = evaluation_setup.make_config(
    choice,
    inner_steps=(7, 2, 7),
    episodes=50,
    units=(3, 6),
    activation="relu",
    batch_size=4,
    seed=9,
  )
  assert config.inner_steps == (2, 7)
  assert config.horizon == 3
  assert (config.initial_weights, config.label_draws) == (10, 5)
  assert (config.units, config.activation) == ((3, 6), "relu")
  assert (config.batch_size, config.seed) == (4, 9)


def test_label_draws_divide_the_episodes(rule_folder):
  choice = rule_choice.choose_rule(rule_folder)
  config = evaluation_setup.make_config(choice, episodes=50, label_draws=10)
  assert (config.initial_weights, config.label_draws) == (5, 10)
  with pytest.raises(ValueError, match="Received: episodes=50, label_draws=4"):
    evaluation_setup.make_config(choice, episodes=50, label_draws=4)


def test_progress_has_a_series_for_every_stage(capsys):
  report = evaluation_setup.progress_report()
  report("a_rule", "inner step", 1, 2)
  report("a_rule", "inner step", 2, 2)
  report("other_rule", "inner step", 1, 1)
  lines = capsys.readouterr().out.splitlines()
  assert lines[0] == "a_rule  inner step 1/2"
  assert lines[1].startswith("a_rule  inner step 2/2")
  assert lines[2] == "other_rule  inner step 1/1"
