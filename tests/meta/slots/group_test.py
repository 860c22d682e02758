# SPDX-License-Identifier: Apache-2.0
"""Tests of several buckets in one run."""

import numpy as np
import pytest

from lurl_tf.meta.slots.schedule import new_schedule, plan_truncation
from lurl_tf.tasks import AugmentationConfig
from tests import tiny_meta

UNITS = ((6,), (7, 6))


def make_config(**fields):
  own = {
    "tasks": tiny_meta.make_tasks(*UNITS),
    "slots": 2,
    "unroll": {"max_steps": 3},
    "min_truncation": 1,
    "min_horizon": 3,
    "max_horizon": 5,
  }
  return tiny_meta.make_config(**{**own, **fields})


@pytest.fixture(scope="module", name="recorded")
def fixture_recorded():
  """Seven outer steps, and the calls of both buckets' replica steps."""
  with tiny_meta.eagerly():
    trainer = tiny_meta.make_trainer(make_config())
    for group in trainer.groups:
      tiny_meta.record(group)
    trainer.train(7)
  return trainer


def test_buckets_take_turns(recorded):
  first, second = recorded.groups
  assert (len(first.calls), len(second.calls)) == (4, 3)
  for group, units in zip(recorded.groups, UNITS):
    for call in group.calls:
      layers = call.slots.state.weights
      assert tuple(layer.bias.shape[-1] for layer in layers) == units


def test_every_bucket_goes_on_where_it_was(recorded):
  """Its slots, and its schedule: made again here from the run's counter."""
  for index, group in enumerate(recorded.groups):
    schedule, previous = new_schedule(2), None
    for number, call in enumerate(group.calls):
      plan = plan_truncation(schedule, (1, 3), (3, 5), 1, 0, 2 * number + index)
      np.testing.assert_array_equal(call.truncation.reset, plan.reset)
      np.testing.assert_array_equal(call.truncation.clock.age, plan.before.age)
      assert int(call.truncation.length) == plan.length
      if previous is not None:
        tiny_meta.assert_all_equal(call.slots, previous)
      schedule, previous = plan.after, call.result.slots
    books = recorded.checkpoint.queue.schedules
    np.testing.assert_array_equal(books[index], np.stack(schedule))
    recorded.store()
    stored = recorded.checkpoint.state.slots[index]["state"]["weights"]
    for layer, expected in zip(stored, previous.state.weights):
      np.testing.assert_array_equal(layer["kernel"], expected.kernel)


def test_slots_of_different_buckets_have_tasks_of_their_own(recorded):
  batches = {
    call.truncation.data.batches.numpy()[0, slot].tobytes()
    for group in recorded.groups
    for call in group.calls
    for slot in range(2)
  }
  assert len(batches) == 7 * 2
  seeds = {
    tuple(row)
    for group in recorded.groups
    for row in group.calls[0].truncation.variation.task_seeds.numpy().tolist()
  }
  assert len(seeds) == 4


def test_each_bucket_is_traced_once(tmp_path):
  """And a resumed run equals an uninterrupted one, whatever was drawn ahead."""
  config = make_config(unroll={"max_steps": 2}, mixing="pooled")
  trainer = tiny_meta.make_trainer(
    config, jit_compile=False, slots_per_program=config.slots
  )
  trainer.train(3)
  trainer.write_checkpoint(tmp_path / "after_3")
  trainer.train(6)
  assert [group.trace_count for group in trainer.groups] == [1, 1]
  # A call can begin with either of them.
  assert trainer.trace_count == 4
  expected = tiny_meta.theta_of(trainer)
  # This trainer has drawn the truncation after step 9 ahead.
  trainer.read_checkpoint(tmp_path / "after_3")
  trainer.train(6)
  tiny_meta.assert_all_equal(tiny_meta.theta_of(trainer), expected)
  assert trainer.trace_count == 4


def test_inputs_that_are_no_images_are_not_moved():
  examples = tiny_meta.make_examples()._replace(image_shape=(tiny_meta.INPUTS,))
  tasks = tiny_meta.make_tasks(
    *UNITS, augmentation=AugmentationConfig(max_rotation=10.0)
  )
  with pytest.raises(ValueError, match=r"Only images.*image_shape=\(12,\)"):
    tiny_meta.make_trainer(make_config(tasks=tasks), examples)
