# SPDX-License-Identifier: Apache-2.0
"""Tests of the protocol's checks and initial weights, on made-up data."""

import dataclasses

import numpy as np
import pytest

from lurl_tf import evaluation
from lurl_tf.evaluation import protocol
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


def small_rule(**options):
  sizes = {
    "hidden_channels": 4,
    "delta_channels": 3,
    "top_channels": 4,
    "readout_channels": 2,
    "output_size": 6,
  }
  return UpdateRule(RuleConfig(**{**sizes, **options}), seed=0)


def test_initial_weights_differ_from_each_other():
  weights = protocol.stacked_initial_weights(INPUT_SIZE, CONFIG)
  kernels = weights[0].kernel.numpy()
  assert kernels.shape == (3, INPUT_SIZE, 10)
  assert len(np.unique(kernels[:, 0, 0])) == 3


def with_nan(split):
  inputs = split.inputs.copy()
  inputs[4, 3] = np.nan
  return split._replace(inputs=inputs)


def refuse(message, train=TRAIN, test=TEST, rules=None, **changes):
  config = dataclasses.replace(CONFIG, **changes)
  with pytest.raises(ValueError, match=message):
    evaluation.check_evaluation(train, test, rules or {}, config)


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
