# SPDX-License-Identifier: Apache-2.0
"""Tests of what is drawn for one truncation."""

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.tasks.episodes import TaskSampler
from tests import tiny_meta

CONFIG = UnrollConfig(max_steps=5, evaluate_every=2)


def draw(generations=(1, 2, 1), truncation=4, dtype="float32"):
  sampler = TaskSampler(
    tiny_meta.make_examples(), tiny_meta.make_config().tasks.buckets[0].episodes
  )
  drawn = draw_truncation(
    sampler, CONFIG, dtype, np.array(generations), truncation
  )
  return sampler, drawn


def test_stacks_are_the_samplers_draws_slot_by_slot():
  sampler, (data, variation) = draw()
  assert data.batches.shape == (5, 3, tiny_meta.BATCH, tiny_meta.INPUTS)
  assert data.episodes.support_inputs.shape[:2] == (2, 3)
  for slot, generation in enumerate((1, 2, 1)):
    task = sampler.task(slot, generation)
    np.testing.assert_array_equal(
      data.batches[:, slot], sampler.batches(task, 5, slot, 4)
    )
    expected = sampler.episodes(task, 2, slot, 4)
    np.testing.assert_array_equal(
      data.episodes.query_targets[:, slot], expected.query_targets
    )
    np.testing.assert_array_equal(
      data.episodes.query_inputs[:, slot], expected.query_inputs
    )
    np.testing.assert_array_equal(
      variation.permutations[slot], task.permutation
    )


def test_a_task_keeps_its_seed_and_truncations_differ():
  _, (_, one) = draw(truncation=4)
  _, (_, other) = draw(truncation=5)
  np.testing.assert_array_equal(one.task_seeds, other.task_seeds)
  rows = np.concatenate([one.example_seeds, other.example_seeds])
  assert len({tuple(row) for row in rows.tolist()}) == 6
  _, (_, next_generation) = draw(generations=(2, 2, 1))
  assert np.any(one.task_seeds[0] != next_generation.task_seeds[0])
  np.testing.assert_array_equal(
    one.task_seeds[1:], next_generation.task_seeds[1:]
  )


def test_slots_of_another_bucket_have_draws_of_their_own():
  sampler, (data, variation) = draw()
  _, (shifted, other) = (
    sampler,
    draw_truncation(sampler, CONFIG, "float32", np.array([2, 1]), 4, 1),
  )
  np.testing.assert_array_equal(shifted.batches, data.batches[:, 1:])
  np.testing.assert_array_equal(other.task_seeds, variation.task_seeds[1:])


def test_types():
  _, (data, variation) = draw(dtype="float64")
  assert {each.dtype for each in tf.nest.flatten(data)} == {tf.float64}
  assert {each.dtype for each in variation} == {tf.int32}
