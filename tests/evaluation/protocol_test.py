# SPDX-License-Identifier: Apache-2.0
"""Tests of the evaluation's protocol on data made up on the spot."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf import evaluation, readouts
from lurl_tf.evaluation import draws, protocol
from lurl_tf.layers import forward
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples, LayerWeights, RuleConfig

NUM_CLASSES, INPUT_SIZE = 3, 12
CONFIG = evaluation.EvaluationConfig(
  units=(10, 6),
  batch_size=8,
  inner_steps=(0, 2, 5),
  learning_rates=(0.1,),
  horizon=5,
  examples_per_class=3,
  initial_weights=3,
  label_draws=2,
)


def make_split(seed, per_class):
  centers = np.random.default_rng(99).uniform(size=[NUM_CLASSES, INPUT_SIZE])
  rng = np.random.default_rng(seed)
  labels = np.repeat(np.arange(NUM_CLASSES), per_class).astype(np.int32)
  inputs = centers[labels] + 0.3 * rng.normal(size=[len(labels), INPUT_SIZE])
  inputs = inputs.astype(np.float32)
  return LabelledExamples(inputs, labels, ("a", "b", "c"), (INPUT_SIZE,))


TRAIN, TEST = make_split(0, per_class=10), make_split(1, per_class=20)


def keep_weights(weights, activations):
  """A rule whose changes undo the inner optimizer's decay."""
  del activations
  return tuple(LayerWeights(*(-x for x in layer)) for layer in weights)


def forget_inputs(weights, activations):
  """A rule that drives all first-layer weights apart until they overflow."""
  del activations
  return tuple(LayerWeights(*(-1e30 * x for x in layer)) for layer in weights)


def small_rule(**options):
  sizes = {
    "hidden_channels": 4,
    "delta_channels": 3,
    "top_channels": 4,
    "readout_channels": 2,
    "output_size": 6,
  }
  return UpdateRule(RuleConfig(**{**sizes, **options}), seed=0)


@pytest.fixture(scope="module", name="result")
def fixture_result():
  rules = {
    "untrained_rule": keep_weights,
    "learned_rule": small_rule(mixing="pooled"),
  }
  return evaluation.evaluate(TRAIN, TEST, rules, CONFIG)


def test_rows_are_ordered_by_method_readout_and_steps(result):
  expected = [
    (method, steps, readout)
    for method, all_steps in [
      ("raw_inputs", [0]),
      ("random_init", [0]),
      ("untrained_rule", [0, 2, 5]),
      ("learned_rule", [0, 2, 5]),
    ]
    for readout in ("ridge", "ridge_loo", "logistic_regression")
    for steps in all_steps
  ]
  assert [tuple(row[:3]) for row in result.rows] == expected


def test_every_row_holds_every_episode(result):
  for row in result.rows:
    num_weights = 1 if row.method == "raw_inputs" else 3
    assert row.accuracies.shape == (num_weights, 2)
    assert row.accuracy_mean == pytest.approx(row.accuracies.mean())
    assert 1 / NUM_CLASSES < row.accuracy_mean <= 1
    assert row.num_diverged == 0


def test_rule_that_changes_nothing_equals_random_init(result):
  for readout in readouts.READOUTS:
    for steps in CONFIG.inner_steps:
      row = result.row("untrained_rule", readout, steps)
      random_init = result.row("random_init", readout, 0)
      np.testing.assert_array_equal(row.accuracies, random_init.accuracies)
      assert row.to_random_init == (0.0, (0.0, 0.0))


def test_no_steps_of_any_rule_equal_random_init(result):
  for readout in readouts.READOUTS:
    row = result.row("learned_rule", readout, 0)
    random_init = result.row("random_init", readout, 0)
    np.testing.assert_array_equal(row.accuracies, random_init.accuracies)


def test_rule_that_changes_weights_changes_scores(result):
  row = result.row("learned_rule", "ridge", 5)
  random_init = result.row("random_init", "ridge", 0)
  assert np.any(row.accuracies != random_init.accuracies)


def test_differences_are_paired(result):
  row = result.row("learned_rule", "ridge_loo", 5)
  random_init = result.row("random_init", "ridge_loo", 0)
  untrained = result.row("untrained_rule", "ridge_loo", 5)
  expected = np.mean(row.accuracies - random_init.accuracies)
  assert row.to_random_init.difference == pytest.approx(expected)
  expected = np.mean(row.accuracies - untrained.accuracies)
  assert row.to_untrained_rule.difference == pytest.approx(expected)
  assert random_init.to_untrained_rule is None


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
    actual = result.row("random_init", readout, 0).accuracies[task, draw]
    assert actual == pytest.approx(expected, abs=1e-9)
    expected = function(support, labels, query, TEST.labels, NUM_CLASSES, 0)
    actual = result.row("raw_inputs", readout, 0).accuracies[0, draw]
    assert actual == pytest.approx(expected, abs=1e-9)


def test_inputs_can_keep_their_own_order():
  config = dataclasses.replace(CONFIG, permute_inputs=False, inner_steps=(1,))
  batches = []

  def note_inputs(weights, activations):
    tf.py_function(batches.append, [activations.inputs], [])
    return keep_weights(weights, activations)

  found = evaluation.evaluate(TRAIN, TEST, {"rule": note_inputs}, config)
  support_rows = draws.draw_support(TRAIN, 3, 2, seed=0)
  weights = protocol.stacked_initial_weights(INPUT_SIZE, CONFIG)
  labels = TRAIN.labels[support_rows[1]]
  features = forward(
    tf.nest.map_structure(lambda x: x[2], weights),
    np.concatenate([TRAIN.inputs[support_rows[1]], TEST.inputs]),
  ).features.numpy()
  assert found.row("random_init", "ridge", 0).accuracies[2, 1] == pytest.approx(
    readouts.ridge(features[:9], labels, features[9:], TEST.labels, NUM_CLASSES)
  )
  (batch,) = batches
  rows = {row.tobytes() for row in TRAIN.inputs}
  assert batch.shape == (3, 8, INPUT_SIZE)
  assert {row.tobytes() for row in batch.numpy().reshape(-1, INPUT_SIZE)} < rows


def test_same_seed_same_numbers_and_other_seed_other_numbers(result):
  rules = {"learned_rule": small_rule(mixing="pooled")}
  again = evaluation.evaluate(TRAIN, TEST, rules, CONFIG)
  other = evaluation.evaluate(
    TRAIN, TEST, rules, dataclasses.replace(CONFIG, seed=1)
  )
  first = result.row("learned_rule", "ridge", 5)
  np.testing.assert_array_equal(
    first.accuracies, again.row("learned_rule", "ridge", 5).accuracies
  )
  assert np.any(
    first.accuracies != other.row("learned_rule", "ridge", 5).accuracies
  )


def test_initial_weights_differ_from_each_other():
  weights = protocol.stacked_initial_weights(INPUT_SIZE, CONFIG)
  kernels = weights[0].kernel.numpy()
  assert kernels.shape == (3, INPUT_SIZE, 10)
  assert len(np.unique(kernels[:, 0, 0])) == 3


def test_float64():
  config = dataclasses.replace(CONFIG, dtype="float64", inner_steps=(2,))
  rules = {"learned_rule": small_rule(mixing="published", dtype="float64")}
  result = evaluation.evaluate(TRAIN, TEST, rules, config)
  assert result.row("learned_rule", "ridge", 2).num_diverged == 0


def test_diverged_features_are_counted_and_score_as_constants():
  config = dataclasses.replace(CONFIG, inner_steps=(5,), learning_rates=(1.0,))
  result = evaluation.evaluate(
    TRAIN, TEST, {"learned_rule": forget_inputs}, config
  )
  row = result.row("learned_rule", "ridge", 5)
  assert row.num_diverged == CONFIG.num_episodes
  np.testing.assert_allclose(row.accuracies, 1 / NUM_CLASSES)


def test_progress_is_reported_for_every_method():
  reports = []
  evaluation.evaluate(
    TRAIN,
    TEST,
    {"learned_rule": keep_weights},
    CONFIG,
    lambda *report: reports.append(report),
  )
  assert ("raw_inputs", "draw", 2, 2) in reports
  assert ("random_init", "episode", 6, 6) in reports
  assert ("learned_rule", "inner step", 5, 5) in reports
  assert reports[-1] == ("learned_rule", "episode", 6, 6)


def with_nan(split):
  inputs = split.inputs.copy()
  inputs[4, 3] = np.nan
  return split._replace(inputs=inputs)


def refuse(message, train=TRAIN, test=TEST, rules=None, **changes):
  """Expects an error before anything is reported."""
  reports = []
  with pytest.raises(ValueError, match=message):
    evaluation.evaluate(
      train,
      test,
      rules or {},
      dataclasses.replace(CONFIG, **changes),
      lambda *report: reports.append(report),
    )
  assert not reports


def test_nan_in_either_split_is_refused():
  refuse(r"inputs\[4\]", train=with_nan(TRAIN))
  refuse(r"inputs\[4\]", test=with_nan(TEST))


def test_too_few_examples_of_a_class_are_refused():
  train = TRAIN._replace(inputs=TRAIN.inputs[:25], labels=TRAIN.labels[:25])
  refuse("class 'c' with 5 examples", train=train)


def test_batch_larger_than_the_training_split_is_refused():
  refuse("Received: batch_size=31", batch_size=31)


def test_published_rule_of_another_output_size_is_refused():
  rules = {"learned_rule": small_rule(mixing="published", output_size=7)}
  refuse("Received: 6 units", rules=rules)


def test_rule_of_another_dtype_is_refused():
  rules = {"learned_rule": small_rule(mixing="pooled", dtype="float64")}
  refuse("Received: dtype='float32'", rules=rules)


def test_splits_of_different_sizes_are_refused():
  test = TEST._replace(inputs=TEST.inputs[:, :9], image_shape=(9,))
  refuse("Received: 12 and 9", test=test)


def test_empty_test_split_is_refused():
  test = TEST._replace(inputs=TEST.inputs[:0], labels=TEST.labels[:0])
  refuse("Received: 0 examples", test=test)


def test_unknown_activation_is_refused():
  refuse("no_such_activation", activation="no_such_activation")


def test_method_name_that_is_taken_is_refused():
  refuse("'random_init'", rules={"random_init": keep_weights})
