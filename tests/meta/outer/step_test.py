# SPDX-License-Identifier: Apache-2.0
"""Tests that outer steps of one call are those of as many calls."""

from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.outer import step
from lurl_tf.meta.strategy import reduces_in_loops
from tests import tiny_meta


def train(config, num_steps, steps_per_call, compiled=None):
  """The trainer after its steps, their losses, and the number of traced steps.

  Args:
    config: of the run.
    num_steps: outer steps.
    steps_per_call: of the trainer.
    compiled: a trainer whose compiled steps serve again.
  """
  trainer = tiny_meta.make_trainer(config, steps_per_call=steps_per_call)
  if compiled is not None:
    for group, other in zip(trainer.groups, compiled.groups):
      group.compiled_step = other.compiled_step
  losses = []
  with mock.patch.object(step, "outer_step", wraps=step.outer_step) as traced:
    trainer.train(num_steps, lambda _, metrics: losses.append(metrics.loss))
  return trainer, losses, traced.call_count


def assert_same_state(one, other):
  for trainer in (one, other):
    trainer.store()
  for first, second in zip(
    tf.nest.flatten(one.state.values), tf.nest.flatten(other.state.values)
  ):
    np.testing.assert_array_equal(first, second)


def test_a_loop_on_the_device_changes_no_number():
  """Seven steps: two calls of a loop of three, and one by itself."""
  config = tiny_meta.make_config(units=(6,), unroll={"max_steps": 3})
  single, losses, _ = train(config, 7, steps_per_call=1)
  looped, again, traced = train(config, 7, steps_per_call=3, compiled=single)
  assert traced == 2  # in the loop, and in the call of one step
  assert losses == again and len(set(losses)) == 7
  assert_same_state(single, looped)


def train_eagerly(steps_per_call):
  """Two buckets: the turns repeat every two steps."""
  config = tiny_meta.make_config(
    tasks=tiny_meta.make_tasks((6,), (5,)),
    unroll={"max_steps": 1},
    min_truncation=1,
    slots=2,
  )
  with tiny_meta.eagerly():
    return train(config, 4, steps_per_call)


@pytest.fixture(scope="module", name="one_by_one")
def fixture_one_by_one():
  return train_eagerly(steps_per_call=1)


@pytest.mark.parametrize("steps_per_call", [2, 4, 3])
def test_buckets_take_their_turns_in_a_loop(steps_per_call, one_by_one):
  single, losses, _ = one_by_one
  looped, again, _ = train_eagerly(steps_per_call)
  assert losses == again
  assert_same_state(single, looped)


def test_replicas_that_are_threads_do_not_reduce_in_loops():
  assert reduces_in_loops(tf.distribute.get_strategy())
  assert not reduces_in_loops(tf.distribute.MirroredStrategy(["/cpu:0"]))
