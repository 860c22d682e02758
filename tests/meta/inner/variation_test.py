# SPDX-License-Identifier: Apache-2.0
"""Tests of the augmentation of a truncation's data."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.inner.variation import TaskVariation, vary_truncation
from lurl_tf.structures import Episode
from lurl_tf.tasks.augmentation.config import AugmentationConfig

STEPS, SLOTS, BATCH, DRAWS, LABELLED, CLASSES = 2, 3, 5, 2, 4, 2
IMAGE_SHAPE = (3, 4, 1)
INPUTS = 12


def draw_data():
  generator = np.random.default_rng(0)

  def inputs(*shape):
    return tf.constant(generator.uniform(0.5, 1.0, (*shape, INPUTS)))

  def part():
    targets = np.tile(np.eye(CLASSES), (STEPS, SLOTS, DRAWS, 2, 1))
    return inputs(STEPS, SLOTS, DRAWS, LABELLED), tf.constant(targets)

  return TruncationData(inputs(STEPS, SLOTS, BATCH), Episode(*part(), *part()))


def draw_variation(example_seed=0):
  generator = np.random.default_rng(1)
  return TaskVariation(
    tf.constant([generator.permutation(INPUTS) for _ in range(SLOTS)]),
    tf.constant([[t, 7] for t in range(SLOTS)]),
    tf.constant([[t, example_seed] for t in range(SLOTS)]),
  )


def vary(config, regress=False, example_seed=0):
  return vary_truncation(
    draw_data(), draw_variation(example_seed), IMAGE_SHAPE, config, regress
  )


def stacks(data):
  episodes = data.episodes
  return data.batches, episodes.support_inputs, episodes.query_inputs


def test_without_augmentation_inputs_are_permuted_task_by_task():
  variation = draw_variation()
  varied = vary(AugmentationConfig(), regress=True)
  for before, after in zip(stacks(draw_data()), stacks(varied)):
    for task in range(SLOTS):
      order = variation.permutations[task].numpy()
      np.testing.assert_array_equal(
        after[:, task], before.numpy()[:, task][..., order]
      )
  assert varied.episodes.support_extra_targets == ()


def test_a_task_never_sees_the_same_inputs_anywhere():
  config = AugmentationConfig(input_dropout=0.5)
  for task in range(SLOTS):
    unseen = [
      np.all(each.numpy()[:, task].reshape(-1, INPUTS) == 0, axis=0)
      for each in stacks(vary(config))
    ]
    assert 0 < unseen[0].sum() < INPUTS
    for other in unseen[1:]:
      np.testing.assert_array_equal(unseen[0], other)
  # Unlike examples, a task keeps its inputs from truncation to truncation.
  np.testing.assert_array_equal(
    vary(config, example_seed=1).batches, vary(config).batches
  )


def test_coefficients_become_targets_if_asked():
  config = AugmentationConfig(max_shift=1.0, noise_stddev=0.1)
  assert vary(config).episodes.query_extra_targets == ()
  episodes = vary(config, regress=True).episodes
  for targets in (
    episodes.support_extra_targets,
    episodes.query_extra_targets,
  ):
    assert targets.shape == (STEPS, SLOTS, DRAWS, LABELLED, 3)
    assert np.max(np.abs(targets)) <= 1
  # Support, query, tasks and examples differ in what is drawn.
  together = np.stack(
    [episodes.support_extra_targets, episodes.query_extra_targets]
  )[..., 0]
  assert len(np.unique(together)) == together.size


def test_a_shift_that_is_reported_is_the_one_that_was_made():
  """Undoing the reported shift brings a bright pixel back to its place."""
  config = AugmentationConfig(max_shift=1.0)
  data = draw_data()
  image = np.zeros(IMAGE_SHAPE)
  image[1, 2] = 1.0
  support = np.broadcast_to(
    image.reshape(-1), data.episodes.support_inputs.shape
  )
  data = data._replace(
    episodes=data.episodes._replace(support_inputs=tf.constant(support))
  )
  identity = draw_variation()._replace(
    permutations=tf.constant([range(INPUTS)] * SLOTS)
  )
  episodes = vary_truncation(data, identity, IMAGE_SHAPE, config, True).episodes
  images = episodes.support_inputs.numpy().reshape(-1, *IMAGE_SHAPE[:2])
  shifts = episodes.support_extra_targets.numpy().reshape(-1, 2)
  rows, columns = np.mgrid[:3, :4]
  inside = 0
  for image, (shift_x, shift_y) in zip(images, shifts):
    if image.sum() > 1 - 1e-9:
      inside += 1
      place = [np.sum(image * columns), np.sum(image * rows)]
      assert place == pytest.approx([2 + shift_x, 1 + shift_y])
  assert inside > 10


def test_seeds():
  config = AugmentationConfig(max_rotation=20.0)
  np.testing.assert_array_equal(vary(config).batches, vary(config).batches)
  other = vary(config, example_seed=1).batches
  assert np.max(np.abs(vary(config).batches - other)) > 1e-3
