# SPDX-License-Identifier: Apache-2.0
"""Tests of the compiled loop over inner steps with other inner optimizers."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.evaluation import draws
from lurl_tf.evaluation.inner_training import InnerTraining
from lurl_tf.layers import forward, initial_weights
from lurl_tf.optimizers import (
  FunctionalOptimizer,
  InnerOptimizerConfig,
  scheduled_rate,
)
from tests.evaluation.plain_hebb import hebb

INPUT_SIZE, UNITS, TASKS = 6, (5, 4), 2
RATES, HORIZON = (0.1, 0.01), 8
KINDS = {
  "sgd": InnerOptimizerConfig("sgd", momentum=0.0),
  "momentum": InnerOptimizerConfig("sgd", momentum=0.5),
  "adam": InnerOptimizerConfig("adam"),
}


def make_training(kind, **options):
  inputs = np.random.default_rng(0).uniform(size=[30, INPUT_SIZE])
  batches = draws.UnlabelledBatches(
    inputs.astype(np.float32),
    draws.draw_permutations(INPUT_SIZE, TASKS, seed=0),
    batch_size=7,
    seed=0,
  )
  training = InnerTraining(
    hebb, batches, RATES, HORIZON, inner_optimizer=KINDS[kind], **options
  )
  return training, batches


def make_weights():
  models = [
    initial_weights(INPUT_SIZE, UNITS, seed=(0, task)) for task in range(TASKS)
  ]
  return tf.nest.map_structure(lambda *each: tf.stack(each), *models)


def step_by_step(kind, batches, num_steps):
  optimizer = FunctionalOptimizer(KINDS[kind].to_keras(0.1))
  weights = make_weights()
  state = optimizer.init(weights)
  for step in range(num_steps):
    changes = hebb(weights, forward(weights, batches.stack(step, 1)[0]))
    rate = scheduled_rate(RATES, step / HORIZON)
    weights, state = optimizer.apply(weights, changes, state, rate, step)
  return weights


@pytest.mark.parametrize("kind", KINDS)
def test_calls_go_on_where_the_last_one_ended(kind):
  training, batches = make_training(kind)
  weights = make_weights()
  for first, last in ((0, 3), (3, 4), (4, 10)):
    weights = training.advance(weights, first, last)
  expected = step_by_step(kind, batches, 10)
  for one, other in zip(tf.nest.flatten(weights), tf.nest.flatten(expected)):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
  assert training.num_traces == 1
  # A new training starts from a fresh optimizer.
  again = training.advance(make_weights(), 0, 10)
  for one, other in zip(tf.nest.flatten(again), tf.nest.flatten(weights)):
    np.testing.assert_array_equal(one, other)


def test_xla_gives_the_same():
  plain, compiled = (
    make_training("adam", jit_compile=jit_compile)[0].advance(
      make_weights(), 0, 4
    )
    for jit_compile in (False, True)
  )
  for one, other in zip(tf.nest.flatten(plain), tf.nest.flatten(compiled)):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_gap_is_refused_if_a_state_is_kept():
  training, _ = make_training("adam")
  weights = training.advance(make_weights(), 0, 2)
  with pytest.raises(ValueError, match="call, 2, as .*Received: first_step=3"):
    training.advance(weights, 3, 4)
  stateless, _ = make_training("sgd")
  stateless.advance(make_weights(), 3, 4)
