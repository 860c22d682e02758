# SPDX-License-Identifier: Apache-2.0
"""Tests that labels reach supervised rules, and no others."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf import evaluation
from lurl_tf.evaluation import draws, inner_training
from lurl_tf.rule import Backpropagation, LocalRule, get
from lurl_tf.structures import LabelledExamples
from tests.evaluation.protocol_test import CONFIG, TEST, TRAIN

RATE = 0.1
TARGETS = np.eye(3)[TRAIN.labels]
SUPERVISED = dataclasses.replace(
  CONFIG, units=(8, 4), inner_steps=(20,), learning_rates=(RATE,), horizon=20
)


def make_batches(tasks=2):
  permutations = draws.draw_permutations(TRAIN.inputs.shape[1], tasks, seed=0)
  return draws.UnlabelledBatches(TRAIN.inputs, permutations, 7, seed=0)


def initial(seed):
  return lurl_tf.layers.initial_weights(12, (5, 4), seed=(0, seed))


def train(rule, steps=6, jit_compile=False, **options):
  weights = tf.nest.map_structure(
    lambda *each: tf.stack(each), initial(0), initial(1)
  )
  training = inner_training.InnerTraining(
    rule, make_batches(), (RATE,), 6, "tanh", jit_compile, **options
  )
  return training.advance(weights, 0, steps)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_every_batch_comes_with_its_own_labels(jit_compile):
  rule, batches = Backpropagation("tanh"), make_batches()
  trained = train(rule, jit_compile=jit_compile, targets=TARGETS)
  for task in range(2):
    weights = initial(task)
    for step in range(6):
      rows = batches.rows(task, step, 1)[0]
      weights = lurl_tf.inner_step(
        rule.with_targets(TARGETS[rows]),
        weights,
        batches.stack(step, 1)[0, task],
        RATE,
        "tanh",
      )
    for one, other in zip(tf.nest.flatten(trained), tf.nest.flatten(weights)):
      np.testing.assert_allclose(one[task], other, rtol=2e-3, atol=2e-5)


def test_a_supervised_rule_needs_targets():
  with pytest.raises(ValueError, match="Received: targets=None"):
    train(Backpropagation("tanh"))


def test_an_unsupervised_rule_never_sees_targets():
  """NaN among the labels would show; `with_targets` would not be there."""
  expected = train(get("sanger"))
  trained = train(get("sanger"), targets=TARGETS * np.nan)
  for one, other in zip(tf.nest.flatten(trained), tf.nest.flatten(expected)):
    np.testing.assert_array_equal(one, other)


def test_labels_make_better_features():
  """Classes that differ in a direction of little variance."""

  def split(seed, per_class):
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], per_class).astype(np.int32)
    inputs = generator.normal(size=(len(labels), 12))
    inputs[:, :3] += 1.5 * np.eye(3)[labels]
    return LabelledExamples(
      inputs.astype(np.float32), labels, ("a", "b", "c"), (12,)
    )

  rules = {"backpropagation": Backpropagation(), "oja": get("oja")}
  config = dataclasses.replace(
    SUPERVISED, batch_size=64, inner_steps=(100,), horizon=100
  )
  result = evaluation.compare(rules, (split(0, 200), split(1, 100)), config)
  supervised, unsupervised = (
    result.score(name, "ridge_loo", 100).mean for name in rules
  )
  assert supervised > unsupervised + 0.05


@pytest.mark.parametrize(
  "name", ["hebbian", "oja", "sanger", "soft_winner_take_all"]
)
def test_rules_designed_by_hand_are_evaluated(name):
  config = dataclasses.replace(CONFIG, dtype="float64", learning_rates=(0.01,))
  methods = ["random_init", name]
  result = evaluation.compare(methods, (TRAIN, TEST), config)
  row = result.score(name, "ridge_loo", 5)
  assert row.num_diverged == 0
  random_init = result.score("random_init", "ridge_loo", 0)
  assert np.any(row.accuracies != random_init.accuracies)


class RuleForFourUnits(LocalRule):
  """A rule that refuses base models."""

  def check_output_size(self, output_size):
    if output_size != 4:
      raise ValueError(f"Four units. Received: {output_size} units")


class Float64Rule(LocalRule):
  """A rule of one type."""

  @property
  def dtype(self):
    return "float64"


@pytest.mark.parametrize(
  ("rule", "changes", "message"),
  [
    (RuleForFourUnits(), {}, "Received: 6 units"),
    (Float64Rule(), {}, "must be that of mine, 'float64'"),
    (Backpropagation(), {"units": (6, 2)}, r"3 classes.*units=\(6, 2\)"),
    (
      Backpropagation(),
      {"activation": "tanh"},
      "rule's activation, 'relu'. Received: activation='tanh'",
    ),
  ],
)
def test_rules_that_do_not_fit_are_refused(rule, changes, message):
  config = dataclasses.replace(CONFIG, **changes)
  with pytest.raises(ValueError, match=message):
    evaluation.check_evaluation(TRAIN, TEST, {"mine": rule}, config)
