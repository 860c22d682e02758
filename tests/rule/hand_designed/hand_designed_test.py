# SPDX-License-Identifier: Apache-2.0
"""What every rule designed by hand must do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf import rule as rules
from tests.rule import one_batch

TARGETS = tf.one_hot(np.arange(one_batch.BATCH) % 3, 3, dtype=tf.float64)
RULES = {
  "hebbian": lambda: rules.Hebbian(decay=0.3),
  "oja": rules.Oja,
  "sanger": rules.Sanger,
  "soft_winner_take_all": lambda: rules.SoftWinnerTakeAll(2.0, decay=0.1),
  "backpropagation": lambda: rules.Backpropagation("tanh"),
  "feedback_alignment": lambda: rules.Backpropagation(
    "tanh", "backward_kernel"
  ),
}


@pytest.fixture(name="rule", params=list(RULES))
def fixture_rule(request):
  return RULES[request.param]()


def with_targets(rule, targets=TARGETS):
  return rule.with_targets(targets) if rule.needs_targets else rule


def propose(rule, weights, inputs):
  return one_batch.propose(rule, weights, inputs, "tanh")


@pytest.mark.parametrize(
  ("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)]
)
def test_a_task_axis_and_xla(rule, dtype, tolerance):
  """Compiled for two tasks together, a rule equals itself on each alone."""
  weights = [one_batch.draw_weights(seed=s, dtype=dtype) for s in range(2)]
  inputs = [one_batch.draw_inputs(seed, dtype) for seed in range(2)]
  alone = [propose(with_targets(rule), *task) for task in zip(weights, inputs)]

  @tf.function(jit_compile=True)
  def compiled(weights, inputs, targets):
    return propose(with_targets(rule, targets), weights, inputs)

  together = compiled(
    one_batch.stack_tasks(weights),
    tf.stack(inputs),
    tf.stack([TARGETS, TARGETS]),
  )
  one_batch.assert_same(together, one_batch.stack_tasks(alone), tolerance)


def test_proposals_differ_and_are_shaped_like_the_weights(rule):
  weights = one_batch.draw_weights((5, 4, 3))
  changes = propose(with_targets(rule), weights, one_batch.draw_inputs())
  for change, layer in zip(changes, weights, strict=True):
    assert isinstance(change, lurl_tf.LayerWeights)
    assert [x.shape for x in change] == [x.shape for x in layer]
    assert np.std(change.kernel) > 1e-6


def test_the_order_of_examples_does_not_matter(rule):
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  order = np.random.default_rng(3).permutation(one_batch.BATCH)
  one_batch.assert_same(
    propose(
      with_targets(rule, tf.gather(TARGETS, order)),
      weights,
      tf.gather(inputs, order),
    ),
    propose(with_targets(rule), weights, inputs),
  )


def test_config_round_trip(rule):
  copy = keras.saving.deserialize_keras_object(
    keras.saving.serialize_keras_object(rule)
  )
  assert type(copy) is type(rule)
  assert copy.get_config() == rule.get_config()
  assert copy.metadata == rule.metadata
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  one_batch.assert_same(
    propose(with_targets(copy), weights, inputs),
    propose(with_targets(rule), weights, inputs),
  )


def test_it_is_a_rule_without_meta_parameters(rule):
  assert isinstance(rule, lurl_tf.rule.LocalRule)
  assert rule.meta_parameters == ()
  assert rule.trainable_variables == ()
  assert rule.dtype is None
  rule.check_output_size(7)
