# SPDX-License-Identifier: Apache-2.0
"""Tests of what an estimator sees of a task."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers import initial_weights
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import unroll
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from tests import tiny_meta


def make_task(dtype="float64", activation="relu", **options):
  return TruncatedTask(
    tiny_meta.make_rule_config(dtype=dtype),
    UnrollConfig(max_steps=2, **options),
    tiny_meta.INPUTS,
    tiny_meta.UNITS,
    activation,
  )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_slot_has_initial_weights_of_its_own(dtype):
  weights = make_task(dtype).init(tf.constant([3, 4]), 5).weights
  single = initial_weights(tiny_meta.INPUTS, tiny_meta.UNITS, (0, 0), dtype)
  tf.nest.assert_same_structure(weights, single)
  for one, other in zip(tf.nest.flatten(weights), tf.nest.flatten(single)):
    assert one.dtype == other.dtype == dtype
    assert one.shape == [5, *other.shape]
    # No two slots share a number.
    flat = np.sort(np.reshape(one, [5, -1]), axis=0)
    assert np.diff(flat, axis=0).min() > 0
    stddev = 0.1 if one.shape.rank == 2 else 0.01
    assert 0.5 * stddev < np.std(one) < 1.5 * stddev


def test_fresh_weights_are_a_function_of_the_seed():
  task = make_task()
  expected = tf.nest.flatten(task.init(tf.constant([3, 4]), 2))
  for one, other in zip(
    tf.nest.flatten(task.init(tf.constant([3, 4]), 2)), expected
  ):
    np.testing.assert_array_equal(one, other)
  for seed in ([4, 3], [3, 5]):
    for one, other in zip(
      tf.nest.flatten(task.init(tf.constant(seed), 2)), expected
    ):
      assert np.abs(one - other).min() > 0


def test_fresh_weights_are_the_same_when_compiled():
  task, seed = make_task(), tf.constant([3, 4])
  compiled = tf.function(
    lambda seed: task.init(seed, 3), jit_compile=True, autograph=False
  )
  for one, other in zip(
    tf.nest.flatten(compiled(seed)), tf.nest.flatten(task.init(seed, 3))
  ):
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_unroll_is_that_of_its_configuration():
  task = make_task(activation="tanh", ridge=0.5)
  rule = tiny_meta.make_rule(task.rule)
  state, clock, data = tiny_meta.draw_problem(2, 2)
  one_step = tf.constant(1)
  actual, metrics = task.unroll(
    tiny_meta.make_vector(rule),
    state,
    clock,
    data,
    one_step,
  )
  arguments = (tiny_meta.make_parameters(rule), state, clock, data, one_step)
  expected, expected_metrics = unroll(
    task.rule, task.config, *arguments, "tanh"
  )
  _, others = unroll(task.rule, UnrollConfig(max_steps=2), *arguments)
  tiny_meta.assert_all_equal(actual.weights, expected.weights)
  tiny_meta.assert_all_equal(metrics, expected_metrics)
  assert np.abs(metrics.loss - others.loss).min() > 1e-3
