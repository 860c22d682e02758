# SPDX-License-Identifier: Apache-2.0
"""Tests of the compiled loop over inner steps, against steps one by one."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.evaluation import draws, inner_training
from lurl_tf.layers import initial_weights
from lurl_tf.optimizers import scheduled_rate
from lurl_tf.rule import UpdateRule, inner_step
from lurl_tf.structures import RuleConfig
from tests.evaluation.plain_hebb import hebb

INPUT_SIZE, UNITS, TASKS = 6, (5, 4), 2
RATES, HORIZON = (0.3, 0.03), 8


def make_rule(name):
  if name == "hebb":
    return hebb
  config = RuleConfig(
    hidden_channels=4,
    delta_channels=3,
    top_channels=4,
    readout_channels=2,
    output_size=UNITS[-1],
    mixing=name,
  )
  return UpdateRule(config, seed=1)


def make_batches():
  inputs = np.random.default_rng(0).uniform(size=[30, INPUT_SIZE])
  permutations = draws.draw_permutations(INPUT_SIZE, TASKS, seed=0)
  return draws.UnlabelledBatches(
    inputs.astype(np.float32), permutations, batch_size=7, seed=0
  )


def make_weights():
  models = [
    initial_weights(INPUT_SIZE, UNITS, seed=(0, task)) for task in range(TASKS)
  ]
  return tf.nest.map_structure(lambda *each: tf.stack(each), *models)


def step_by_step(rule, batches, num_steps, task):
  """The same training, for one base model, in a plain loop."""
  weights = initial_weights(INPUT_SIZE, UNITS, seed=(0, task))
  for step in range(num_steps):
    rate = scheduled_rate(RATES, step / HORIZON)
    inputs = batches.stack(step, 1)[0, task]
    weights = inner_step(rule, weights, inputs, rate)
  return weights


@pytest.mark.parametrize("name", ["hebb", "pooled", "published"])
def test_loop_equals_single_steps_of_single_models(name):
  rule, batches = make_rule(name), make_batches()
  training = inner_training.InnerTraining(rule, batches, RATES, HORIZON)
  # Beyond the horizon too, where the last rate goes on.
  trained = training.advance(make_weights(), 0, 11)
  for task in range(TASKS):
    expected = step_by_step(rule, batches, 11, task)
    for actual_weight, expected_weight in zip(
      tf.nest.flatten(trained), tf.nest.flatten(expected)
    ):
      np.testing.assert_allclose(
        actual_weight[task], expected_weight, rtol=2e-3, atol=2e-5
      )


def test_xla_gives_the_same():
  rule, batches = make_rule("published"), make_batches()
  plain, compiled = (
    inner_training.InnerTraining(
      rule, batches, RATES, HORIZON, jit_compile=jit_compile
    ).advance(make_weights(), 0, 4)
    for jit_compile in (False, True)
  )
  for one, other in zip(tf.nest.flatten(plain), tf.nest.flatten(compiled)):
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-5)


def test_interrupted_training_is_the_same_and_is_traced_once():
  batches = make_batches()
  training = inner_training.InnerTraining(hebb, batches, RATES, HORIZON)
  at_once = training.advance(make_weights(), 0, 10)
  weights = make_weights()
  for first, last in ((0, 3), (3, 4), (4, 10)):
    weights = training.advance(weights, first, last)
  for one, other in zip(tf.nest.flatten(at_once), tf.nest.flatten(weights)):
    np.testing.assert_array_equal(one, other)
  assert training.num_traces == 1


def test_bounded_stacks_change_nothing(monkeypatch):
  batches = make_batches()
  at_once = inner_training.InnerTraining(hebb, batches, RATES, HORIZON).advance(
    make_weights(), 0, 7
  )
  bytes_per_step = 4 * TASKS * 7 * INPUT_SIZE
  monkeypatch.setattr(inner_training, "MOST_BYTES_PER_CALL", 3 * bytes_per_step)
  reports = []
  bounded = inner_training.InnerTraining(hebb, batches, RATES, HORIZON).advance(
    make_weights(), 0, 7, reports.append
  )
  for one, other in zip(tf.nest.flatten(at_once), tf.nest.flatten(bounded)):
    np.testing.assert_array_equal(one, other)
  assert reports[-1] == 7
  assert max(np.diff([0, *reports])) <= 3


def test_no_steps_change_nothing():
  weights = make_weights()
  training = inner_training.InnerTraining(hebb, make_batches(), RATES, HORIZON)
  for one, other in zip(
    tf.nest.flatten(weights), tf.nest.flatten(training.advance(weights, 0, 0))
  ):
    np.testing.assert_array_equal(one, other)
