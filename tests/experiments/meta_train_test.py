# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-training script, in this process, without graphs."""

import json

import pytest
from absl import flags

from experiments import meta_train
from experiments.training import start_flags
from lurl_tf.meta import (
  EstimatorConfig,
  ImitationConfig,
  MetaMetrics,
  MetaTrainConfig,
)
from lurl_tf.meta.runs.description import read_description
from lurl_tf.rule import UpdateRule
from lurl_tf.tasks.distributions import loading
from tests import tiny_meta


@pytest.fixture(autouse=True)
def fixture_eager():
  with tiny_meta.eagerly():
    yield


@pytest.fixture(name="tiny_data")
def fixture_tiny_data(monkeypatch):
  """Four classes of twelve inputs in place of a data set."""

  def load(name, split, data_dir, image_size, channels, resize):
    assert (name, split, data_dir) == ("lurl_glyphs", "train", None)
    assert (image_size, channels, resize) == (8, 1, "area")
    return tiny_meta.make_examples()

  monkeypatch.setattr(loading, "load_examples", load)


def run(**values):
  """Runs the script; the config of the run in its log folder."""
  with tiny_meta.parsed_flags(**values):
    meta_train.main()
  return read_description(values["logdir"]).config


def contents(folder):
  return {
    file: (file.is_file() and file.read_bytes(), file.stat().st_mtime_ns)
    for file in [folder, *folder.rglob("*")]
  }


def test_flags_to_rule_and_json(tiny_data, tmp_path, capsys):
  logdir, results = tmp_path / "run", tmp_path / "out" / "results.json"
  config = run(logdir=logdir, num_steps=2, results=results, seed=3)
  value = json.loads(results.read_text())
  assert value["logdir"] == str(logdir)
  assert (value["tasks"], value["steps"]) == ("quick", 2)
  assert value["seconds"] > 0
  assert list(value["first"]) == list(MetaMetrics._fields)
  assert value["last"] == value["first"]
  assert value["config"] == config.to_json()
  assert json.loads((logdir / "run.json").read_text()) == {
    "tasks": "quick",
    "replicas": 1,
    "initial_rule": None,
    "config": config.to_json(),
  }
  printed = capsys.readouterr().out
  assert "outer step 2/2" in printed
  assert "2 outer steps in" in printed
  assert f"The rule is in {logdir / 'rule'}." in printed
  rule = UpdateRule.from_preset(logdir)
  assert rule.metadata.command.startswith("python -m experiments.meta_train")
  assert (rule.metadata.seed, rule.metadata.outer_steps) == (3, 2)
  # A run of the library, with the same config, makes the same rule.
  assert (config.decay_steps, config.average_decay) == (2, 0.0)
  trainer = tiny_meta.make_trainer(config)
  trainer.train(2)
  theta = [each.numpy() for each in rule.meta_parameters]
  tiny_meta.assert_all_equal(theta, tiny_meta.theta_of(trainer))
  # With more steps it goes on, and equals an uninterrupted run.
  run(logdir=logdir, num_steps=3, seed=3)
  assert "Resuming from outer step 2" in capsys.readouterr().out
  trainer.train(1)
  rule = UpdateRule.from_preset(logdir)
  theta = [each.numpy() for each in rule.meta_parameters]
  tiny_meta.assert_all_equal(theta, tiny_meta.theta_of(trainer))
  # Other flags are another run: named, and the folder is left alone.
  before = contents(logdir)
  for values, message in (
    ({"seed": 4}, "config.seed: 3 became 4"),
    ({"seed": 3, "units": "5,6"}, r"config.tasks.buckets.*units.: \[5, 6\]"),
    ({"seed": 3, "learn_inner_rates": True}, "config.learn_inner_rates"),
  ):
    with pytest.raises(SystemExit, match=f"Error: .*{message}"):
      run(logdir=logdir, num_steps=9, **values)
  assert contents(logdir) == before
  # Done is done.
  results.unlink()
  run(logdir=logdir, num_steps=3, results=results, seed=3)
  assert "The run was done before: 3 outer steps." in capsys.readouterr().out
  assert json.loads(results.read_text())["first"] is None


def test_every_flag_reaches_the_config():
  with tiny_meta.parsed_flags(
    mixing="published",
    hidden_channels=5,
    delta_channels=7,
    activation="tanh",
    max_truncation=9,
    min_truncation=6,
    ridge="0.25",
    penalty_in_loss=True,
    classes_per_task=6,
    batch_size=11,
    examples_per_class=8,
    objective_draws=4,
    units="9,10",
    slots=13,
    min_horizon=14,
    max_horizon=15,
    inner_learning_rates="0.5,0.25",
    learn_inner_rates=True,
    learning_rate=0.125,
    decay_steps=16,
    clip_norm=18.0,
    seed=20,
    average_decay=0.5,
    rollback_after=21,
    estimator="mixture",
    pairs=22,
    perturbation=0.25,
    clip_difference=0.75,
    evolved="log_inner,coeffs",
    evolution="es_single",
    scored_layers="all",
    term_coefficient=2.5,
  ):
    config = meta_train.config_from_flags()
  rule, unroll, (bucket,) = config.rule, config.unroll, config.tasks.buckets
  episodes = bucket.episodes
  assert (rule.mixing, rule.hidden_channels) == ("published", 5)
  assert (rule.delta_channels, rule.top_channels) == (7, 7)
  assert rule.output_size == 10
  assert (bucket.activation, unroll.max_steps) == ("tanh", 9)
  assert (unroll.ridge, unroll.penalty_in_loss) == (0.25, True)
  assert (episodes.classes_per_task, episodes.batch_size) == (6, 11)
  assert (episodes.support_per_class, episodes.query_per_class) == (8, 8)
  assert episodes.draws == 4
  assert (bucket.units, config.slots) == ((9, 10), 13)
  assert config.min_truncation == 6
  assert (config.min_horizon, config.max_horizon) == (14, 15)
  assert config.inner_learning_rates == (0.5, 0.25)
  assert config.learn_inner_rates
  assert (config.learning_rate, config.decay_steps) == (0.125, 16)
  assert config.clip_norm == 18.0
  assert config.seed == 20
  assert (config.average_decay, config.rollback_after) == (0.5, 21)
  assert (unroll.scored_layers, config.term_coefficient) == ("all", 2.5)
  assert config.estimator == EstimatorConfig(
    "mixture", 22, 0.25, 0.75, ("log_inner", "coeffs"), "es_single"
  )


def test_a_teacher_reaches_the_config():
  with tiny_meta.parsed_flags(teacher="oja"):
    config = meta_train.config_from_flags()
  assert config.unroll.imitation == ImitationConfig("oja")


@pytest.mark.parametrize("horizon", [3, 12])
def test_full_backpropagation_takes_truncations_of_the_horizon(horizon):
  with tiny_meta.parsed_flags(
    ("min_truncation", "max_truncation"),
    estimator="bptt",
    min_horizon=horizon,
    max_horizon=horizon,
  ):
    config = meta_train.config_from_flags()
  assert (config.min_truncation, config.unroll.max_steps) == (horizon, horizon)


@pytest.mark.parametrize(
  "flag", [{"checkpoint_every": 3}, {"validate_every": 3}]
)
def test_calls_end_where_something_is_to_be_done(flag, tmp_path):
  (name,) = flag
  with pytest.raises(SystemExit, match=f"`{name}` must be a multiple"):
    run(logdir=tmp_path / "run", steps_per_call=2, **flag)
  assert not list(tmp_path.iterdir())


def test_the_script_without_flags_is_the_config_without_arguments():
  """So that the command and `lurl_tf.meta.fit` make the same rule."""
  flags.FLAGS.mark_as_parsed()
  rule = start_flags.initial_rule_from_flags()
  assert meta_train.config_from_flags(rule) == MetaTrainConfig()


def test_defaults_are_free_of_the_features_scale():
  flags.FLAGS.mark_as_parsed()
  config = meta_train.config_from_flags()
  assert config.unroll.ridge == "relative"
  assert not config.unroll.penalty_in_loss


@pytest.mark.parametrize(
  ("message", "values"),
  [
    ("Received: evaluate_every=1, max_steps=0", {"max_truncation": 0}),
    ("Received: min_truncation=3", {"min_truncation": 3}),
    ("Received: slots=0", {"slots": 0}),
    ("Received: average_decay=1.0", {"average_decay": 1}),
    ("Received: pairs=0", {"pairs": 0}),
    ("Received: name='default', tpu='local'", {"tpu": "local"}),
    ("must be equal. Received: 1, 2, 3, 4", {"estimator": "bptt"}),
    ("Received: ridge='absolute'", {"ridge": "absolute"}),
    ("Received: ridge=-1.0", {"ridge": "-1"}),
    ("no_such_activation", {"activation": "no_such_activation"}),
    ("Received: classes_per_task=5", {"classes_per_task": 5}),
    (
      "class 'class_0' of lurl_glyphs[train] with 20",
      {"examples_per_class": 11},
    ),
    ("could not convert string to float", {"inner_learning_rates": "0.1,x"}),
    ("Received: hours=-1.0", {"hours": -1}),
    (
      "Received: keep_rules_at=(7,), num_steps=5",
      {"keep_rules_at": "7", "num_steps": 5},
    ),
    ("Received: inner_learning_rates", {"inner_learning_rates": "0.1,-1"}),
    ("Received: path='/proc/no/r.json'", {"results": "/proc/no/r.json"}),
  ],
)
def test_bad_input_is_a_message_and_leaves_no_folder(
  message, values, tiny_data, tmp_path
):
  with pytest.raises(SystemExit, match="Error: ") as error:
    run(logdir=tmp_path / "run", **values)
  assert message in str(error.value)
  assert not list(tmp_path.iterdir())


def test_a_log_folder_that_cannot_be_written_is_a_message(tiny_data, tmp_path):
  file = tmp_path / "file"
  file.write_text("mine")
  for logdir in (file, file / "below", "/proc/no_run"):
    with pytest.raises(SystemExit, match="Error: .*log folder") as error:
      run(logdir=logdir)
    assert f"Received: '{logdir}'" in str(error.value)
  assert file.read_text() == "mine"


def test_a_data_set_that_does_not_exist_is_a_message(tmp_path):
  with pytest.raises(SystemExit, match="Near names: lurl_glyphs"):
    run(logdir=tmp_path / "run", tasks="lurl_glyph")
  assert not list(tmp_path.iterdir())
