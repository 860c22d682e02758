# SPDX-License-Identifier: Apache-2.0
"""Tests of the flags of a start: from a rule, at random, by a teacher."""

import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import meta_train
from experiments.training import start_flags
from lurl_tf.meta import MetaTrainer
from lurl_tf.meta.runs.description import read_description
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from tests import tiny_meta

# A rule brings its own.
SIZES = ("hidden_channels", "delta_channels")


@pytest.fixture(autouse=True)
def fixture_tiny():
  with tiny_meta.eagerly(), tiny_meta.tiny_data():
    yield


def run(without=(), **values):
  """Runs the script with the tiny flags without some, and those given.

  Returns:
    The config of the run.
  """
  with tiny_meta.parsed_flags(without, **values):
    meta_train.main()
  return read_description(values["logdir"]).config


def test_a_run_starts_from_a_rule(tmp_path):
  first, second = tmp_path / "first", tmp_path / "second"
  run(
    logdir=first,
    num_steps=1,
    teacher="soft_winner_take_all",
    inner_learning_rates="0.25,0.125",
  )
  start = UpdateRule.from_preset(first)
  run(
    SIZES, logdir=second, num_steps=2, initial_rule=first, learning_rate=1e-30
  )
  # The steps are too small to be seen in float32.
  rule = UpdateRule.from_preset(second)
  tiny_meta.assert_all_equal(
    [each.numpy() for each in rule.meta_parameters],
    [each.numpy() for each in start.meta_parameters],
  )
  np.testing.assert_allclose(
    rule.metadata.inner_learning_rates, (0.25, 0.125), rtol=1e-6
  )
  description = json.loads((second / "run.json").read_text())
  assert description["initial_rule"] == start.metadata.checksum
  # It is another run than one from random meta-parameters.
  with pytest.raises(SystemExit, match="initial_rule: .* became None"):
    run(logdir=second, num_steps=2)
  with pytest.raises(SystemExit, match="initial_rule=.*hidden_channels=8"):
    run(logdir=tmp_path / "third", initial_rule=first)
  with pytest.raises(SystemExit, match="Received: name_or_path='no_such'"):
    with flagsaver.as_parsed(initial_rule="no_such", logdir=str(tmp_path)):
      meta_train.main()


def test_a_run_from_a_rule_goes_on(tmp_path, capsys):
  """Not from the rule again; it equals an uninterrupted run."""
  start = tiny_meta.make_rule(tiny_meta.make_rule_config())
  start.save_preset(tmp_path / "start", PresetMetadata(inner_steps=4))
  values = {
    "logdir": tmp_path / "run",
    "initial_rule": tmp_path / "start",
    "inner_learning_rates": 0.25,
    "slots": 1,
    "max_truncation": 1,
  }
  run(SIZES, num_steps=1, **values)
  config = run(SIZES, num_steps=2, **values)
  assert "Resuming from outer step 1" in capsys.readouterr().out
  trainer = MetaTrainer(start, tiny_meta.make_samplers(config), config)
  trainer.train(2)
  rule = UpdateRule.from_preset(tmp_path / "run")
  tiny_meta.assert_all_equal(
    [each.numpy() for each in rule.meta_parameters],
    tiny_meta.theta_of(trainer),
  )


def test_a_run_starts_from_the_shipped_start_by_default():
  flags.FLAGS.mark_as_parsed()
  rule = start_flags.initial_rule_from_flags()
  shipped = UpdateRule.from_preset("starts/pooled")
  assert rule.metadata == shipped.metadata
  config = meta_train.config_from_flags(rule)
  assert config.rule == shipped.config
  # Equal to the last bit of what is trained: logarithms in float32.
  np.testing.assert_array_equal(
    np.float32(np.log(config.inner_learning_rates)),
    np.float32(np.log(shipped.metadata.inner_learning_rates)),
  )
  assert (config.min_horizon, config.max_horizon) == (50, 50)
  assert config.learning_rate == 3e-3
  # What is random is what flags say of it.
  for values in (
    {"initial_rule": "random"},
    {"teacher": "oja"},
    {"mixing": "published"},
    {"term_coefficient": "0.5"},
  ):
    with flagsaver.as_parsed(**values):
      assert start_flags.initial_rule_from_flags() is None
      config = meta_train.config_from_flags()
    assert (config.min_horizon, config.max_horizon) == (100, 100)
    assert (config.learning_rate, config.inner_learning_rates) == (
      1e-2,
      (0.03,),
    )


def test_rates_of_a_start_are_for_its_inner_optimizer():
  flags.FLAGS.mark_as_parsed()
  rule = start_flags.initial_rule_from_flags()
  with flagsaver.as_parsed(inner_optimizer="adam"):
    with pytest.raises(ValueError, match="Received: inner_optimizer='adam'"):
      meta_train.config_from_flags(rule)
    with flagsaver.as_parsed(inner_learning_rates="0.001"):
      config = meta_train.config_from_flags(rule)
  assert config.inner_learning_rates == (0.001,)


@pytest.mark.parametrize(
  ("received", "values"),
  [
    ("estimator='es', teacher='oja'", {"estimator": "es"}),
    ("estimator='pes', teacher='oja'", {"estimator": "pes"}),
    ("estimator='es_single', teacher='oja'", {"estimator": "es_single"}),
    ("estimator='mixture', teacher='oja'", {"estimator": "mixture"}),
    ("learn_inner_rates=True, teacher='oja'", {"learn_inner_rates": True}),
  ],
)
def test_flags_that_do_not_fit_a_teacher_are_refused(
  received, values, tmp_path
):
  with pytest.raises(SystemExit, match=f"Expected .*Received: {received}"):
    run(
      logdir=tmp_path / "run",
      results=tmp_path / "out" / "results.json",
      num_steps=1,
      teacher="oja",
      **values,
    )
  assert not list(tmp_path.iterdir())
