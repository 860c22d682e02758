# SPDX-License-Identifier: Apache-2.0
"""Tests of comparisons in one call, on made-up data."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf import evaluation, readouts
from lurl_tf.baselines import PrincipalComponents
from lurl_tf.evaluation import draws, protocol
from lurl_tf.layers import forward
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import Oja, UpdateRule
from lurl_tf.structures import LayerWeights
from lurl_tf.tasks import load_examples
from tests.evaluation.protocol_test import (
  CONFIG,
  INPUT_SIZE,
  NUM_CLASSES,
  TEST,
  TRAIN,
  keep_weights,
  make_split,
  small_rule,
)

DATA = TRAIN, TEST


def compare(rules, config=CONFIG, **options):
  """Compares rules with raw inputs and random initial features."""
  methods = {name: name for name in ("raw_inputs", "random_init")}
  rules = rules if isinstance(rules, dict) else {name: name for name in rules}
  return evaluation.compare({**methods, **rules}, DATA, config, **options)


def forget_inputs(weights, activations):
  """A rule that drives all first-layer weights apart until they overflow."""
  del activations
  return tuple(LayerWeights(*(-1e30 * x for x in layer)) for layer in weights)


@pytest.fixture(scope="module", name="result")
def fixture_result():
  rules = {
    "untrained_rule": keep_weights,
    "learned_rule": small_rule(mixing="pooled"),
  }
  return compare(rules, CONFIG)


def test_scores_are_ordered_by_method_steps_and_readout(result):
  expected = [
    (method, steps, readout)
    for method, all_steps in [
      ("raw_inputs", [0]),
      ("random_init", [0]),
      ("untrained_rule", [0, 2, 5]),
      ("learned_rule", [0, 2, 5]),
    ]
    for steps in all_steps
    for readout in ("ridge", "ridge_loo", "logistic_regression")
  ]
  assert expected == [
    (score.method, score.inner_steps, score.readout) for score in result.scores
  ]
  assert {score.layers for score in result.scores} == {"last"}


def test_every_score_holds_every_episode(result):
  for row in result.scores:
    num_weights = 1 if row.method == "raw_inputs" else 3
    assert row.accuracies.shape == (num_weights, 2)
    assert row.mean == pytest.approx(row.accuracies.mean())
    assert 1 / NUM_CLASSES < row.mean <= 1
    assert row.num_diverged == 0


def test_rule_that_changes_nothing_equals_random_init(result):
  for readout in readouts.READOUTS:
    for steps in CONFIG.inner_steps:
      row = result.score("untrained_rule", readout, steps)
      random_init = result.score("random_init", readout, 0)
      np.testing.assert_array_equal(row.accuracies, random_init.accuracies)
      assert row.difference(random_init) == (0.0, (0.0, 0.0))


def test_no_steps_of_any_rule_equal_random_init(result):
  for readout in readouts.READOUTS:
    row = result.score("learned_rule", readout, 0)
    random_init = result.score("random_init", readout, 0)
    np.testing.assert_array_equal(row.accuracies, random_init.accuracies)


def test_rule_that_changes_weights_changes_scores(result):
  row = result.score("learned_rule", "ridge", 5)
  random_init = result.score("random_init", "ridge", 0)
  assert np.any(row.accuracies != random_init.accuracies)


def test_differences_are_paired(result):
  row = result.score("learned_rule", "ridge_loo", 5)
  for method, steps in (("random_init", 0), ("untrained_rule", 5)):
    other = result.score(method, "ridge_loo", steps)
    expected = np.mean(row.accuracies - other.accuracies)
    assert row.difference(other).difference == pytest.approx(expected)


def test_scores_are_those_of_the_protocol_written_out(result):
  """Permutation, one forward pass for support and query, read-out."""
  permutations = draws.draw_permutations(INPUT_SIZE, 3, seed=0)
  support_rows = draws.draw_support(TRAIN, 3, 2, seed=0)
  weights = protocol.stacked_initial_weights(INPUT_SIZE, CONFIG)
  task, draw = 2, 1
  support, query = TRAIN.inputs[support_rows[draw]], TEST.inputs
  features = forward(
    tf.nest.map_structure(lambda x: x[task], weights),
    np.concatenate([support, query])[:, permutations[task]],
  ).features.numpy()
  labels = TRAIN.labels[support_rows[draw]]
  for readout, function in readouts.READOUTS.items():
    expected = function(
      features[:9], labels, features[9:], TEST.labels, NUM_CLASSES, 0
    )
    actual = result.score("random_init", readout, 0).accuracies[task, draw]
    assert actual == pytest.approx(expected, abs=1e-9)
    expected = function(support, labels, query, TEST.labels, NUM_CLASSES, 0)
    actual = result.score("raw_inputs", readout, 0).accuracies[0, draw]
    assert actual == pytest.approx(expected, abs=1e-9)


def test_inputs_can_keep_their_own_order():
  config = dataclasses.replace(CONFIG, permute_inputs=False, inner_steps=(1,))
  batches = []

  def note_inputs(weights, activations):
    tf.py_function(batches.append, [activations.inputs], [])
    return keep_weights(weights, activations)

  found = compare({"rule": note_inputs}, config)
  support_rows = draws.draw_support(TRAIN, 3, 2, seed=0)
  weights = protocol.stacked_initial_weights(INPUT_SIZE, CONFIG)
  labels = TRAIN.labels[support_rows[1]]
  features = forward(
    tf.nest.map_structure(lambda x: x[2], weights),
    np.concatenate([TRAIN.inputs[support_rows[1]], TEST.inputs]),
  ).features.numpy()
  assert found.score("random_init", "ridge", 0).accuracies[
    2, 1
  ] == pytest.approx(
    readouts.ridge(features[:9], labels, features[9:], TEST.labels, NUM_CLASSES)
  )
  (batch,) = batches
  rows = {row.tobytes() for row in TRAIN.inputs}
  assert batch.shape == (3, 8, INPUT_SIZE)
  assert {row.tobytes() for row in batch.numpy().reshape(-1, INPUT_SIZE)} < rows


def test_same_seed_same_numbers_and_other_seed_other_numbers(result):
  rules = {"learned_rule": small_rule(mixing="pooled")}
  again = compare(rules, CONFIG)
  other = compare(rules, dataclasses.replace(CONFIG, seed=1))
  first = result.score("learned_rule", "ridge", 5)
  np.testing.assert_array_equal(
    first.accuracies, again.score("learned_rule", "ridge", 5).accuracies
  )
  assert np.any(
    first.accuracies != other.score("learned_rule", "ridge", 5).accuracies
  )


def test_float64():
  config = dataclasses.replace(CONFIG, dtype="float64", inner_steps=(2,))
  rules = {"learned_rule": small_rule(mixing="published", dtype="float64")}
  result = compare(rules, config)
  assert result.score("learned_rule", "ridge", 2).num_diverged == 0


def test_diverged_features_are_counted_and_score_as_constants():
  config = dataclasses.replace(CONFIG, inner_steps=(5,), learning_rates=(1.0,))
  result = compare({"learned_rule": forget_inputs}, config)
  row = result.score("learned_rule", "ridge", 5)
  assert row.num_diverged == CONFIG.num_episodes
  np.testing.assert_allclose(row.accuracies, 1 / NUM_CLASSES)


def test_progress_is_reported_for_every_method():
  reports = []
  compare(
    {"learned_rule": keep_weights},
    report=lambda *report: reports.append(report),
  )
  assert ("raw_inputs", "episode", 2, 2) in reports
  assert ("random_init", "episode", 6, 6) in reports
  assert ("learned_rule", "inner step", 5, 5) in reports
  assert reports[-1] == ("learned_rule", "episode", 6, 6)


def test_errors_come_before_any_work():
  reports = []
  rules = {"learned_rule": small_rule(mixing="published", output_size=7)}
  with pytest.raises(ValueError, match="Received: 6 units"):
    compare(rules, report=lambda *report: reports.append(report))
  with pytest.raises(ValueError, match="Received: sampler=None"):
    compare(["protonets"], report=lambda *report: reports.append(report))
  with pytest.raises(FileNotFoundError, match="no_such_method"):
    compare(["no_such_method"])
  with pytest.raises(ValueError, match="10 examples"):
    compare({}, examples_per_class=(1, 6))
  assert not reports


def test_names_are_rules_and_baselines(tmp_path):
  own = PresetMetadata(
    units=(10, 6),
    batch_size=8,
    inner_steps=2,
    inner_learning_rates=(0.1, 0.01),
  )
  path = str(tmp_path / "rule")
  small_rule(mixing="pooled").save_preset(path, own)
  methods = ["random_init", path, "untrained", "pca_32", "oja"]
  options = {"initial_weights": 3, "label_draws": 2}
  config = evaluation.EvaluationConfig.from_metadata(own, **options)
  named = evaluation.compare(methods, DATA, config, examples_per_class=(1, 3))
  given = evaluation.compare(
    {
      "random_init": "random_init",
      path: UpdateRule.from_preset(path),
      "untrained": UpdateRule(small_rule(mixing="pooled").config, seed=0),
      "pca_32": PrincipalComponents(32),
      "oja": Oja(),
    },
    DATA,
    config,
    examples_per_class=(1, 3),
  )
  for one, other in zip(named.scores, given.scores, strict=True):
    assert one[:4] == other[:4]
    np.testing.assert_array_equal(one.accuracies, other.accuracies)


def test_rules_have_the_inner_training_of_their_metadata(tmp_path):
  rule = small_rule(mixing="pooled")
  rule.metadata = PresetMetadata(
    units=(10, 6), batch_size=8, inner_steps=2, inner_learning_rates=(0.1,)
  )
  other = Oja()
  other.metadata = PresetMetadata(batch_size=9, inner_steps=3)
  data = make_split(0, per_class=40), TEST
  own = evaluation.compare({"rule": rule, "oja": other}, data)
  config = evaluation.EvaluationConfig.from_metadata(rule.metadata)
  assert own.config == config
  assert own.score("rule").inner_steps == 2
  assert own.score("oja").inner_steps == 3
  np.testing.assert_array_equal(
    own.score("rule").accuracies,
    evaluation.compare({"rule": rule}, data, config).score("rule").accuracies,
  )


def test_a_data_set_is_loaded_by_its_name():
  config = dataclasses.replace(CONFIG, batch_size=16, initial_weights=1)
  named, given = (
    evaluation.compare(["raw_inputs"], data, config)
    for data in (
      "lurl_two_moons",
      tuple(load_examples("lurl_two_moons", s) for s in ("train", "test")),
    )
  )
  assert named.table() == given.table()
