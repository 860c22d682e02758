# SPDX-License-Identifier: Apache-2.0
"""Tests of augmentations: what is done is what is reported, and repeatable."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import tensorflow as tf

from lurl_tf.tasks.augmentation.augment import (
  AugmentationConfig,
  apply_task_variation,
  augment_examples,
  permute_inputs,
)

SHAPE = (8, 8, 1)
EVERYTHING = AugmentationConfig(
  max_shift=2.0,
  max_rotation=30.0,
  noise_stddev=0.2,
  input_dropout=0.25,
  scale_range=(0.5, 2.0),
  offset_range=(-0.2, 0.3),
)


def _images(*leading, seed=0):
  return np.random.default_rng(seed).random((*leading, 64), np.float32)


def _column(augmented, config, name):
  index = config.coefficient_names.index(name)
  return augmented.coefficients[..., index].numpy()


def test_the_reported_angle_is_that_of_scipy():
  config = AugmentationConfig(max_rotation=40.0)
  images = _images(20)
  augmented = augment_examples(images, SHAPE, (3, 4), config)
  assert augmented.coefficients.shape == (20, 1)
  degrees = 40.0 * augmented.coefficients[:, 0].numpy()
  assert degrees.min() < -20 < 20 < degrees.max()
  expected = [
    scipy.ndimage.rotate(
      image.reshape(8, 8), angle, order=1, reshape=False, mode="grid-constant"
    )
    for image, angle in zip(images, degrees)
  ]
  expected = np.reshape(expected, [20, 64])
  np.testing.assert_allclose(augmented.inputs, expected, atol=2e-5)


def test_the_reported_shift_is_that_of_scipy():
  config = AugmentationConfig(max_shift=3.0)
  images = _images(20)
  augmented = augment_examples(images, SHAPE, (3, 4), config)
  x = 3.0 * _column(augmented, config, "shift_x")
  y = 3.0 * _column(augmented, config, "shift_y")
  expected = [
    scipy.ndimage.shift(
      image.reshape(8, 8), (down, right), order=1, mode="grid-constant"
    )
    for image, right, down in zip(images, x, y)
  ]
  expected = np.reshape(expected, [20, 64])
  np.testing.assert_allclose(augmented.inputs, expected, atol=2e-5)


def test_noise_is_normal_and_of_the_reported_level():
  config = AugmentationConfig(noise_stddev=0.3)
  inputs = tf.fill([200, 500], 0.5)
  augmented = augment_examples(inputs, (500,), (0, 1), config)
  stddev = 0.3 * _column(augmented, config, "noise")
  assert 0 <= stddev.min() < 0.02
  assert 0.28 < stddev.max() <= 0.3
  noise = (augmented.inputs.numpy() - 0.5) / stddev[:, None]
  assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 0.01
  np.testing.assert_allclose(noise.std(axis=1), 1, atol=0.15)
  # Drawn from a seed of its own: not the levels' numbers, four per example.
  assert abs(np.corrcoef(noise[0, 3::4], stddev[:125])[0, 1]) < 0.3


def test_coefficients_are_uniform_and_independent():
  inputs = tf.zeros([4000, 64])
  columns = augment_examples(inputs, SHAPE, (1, 2), EVERYTHING)[1].numpy()
  assert columns.shape == (4000, 4)
  for column in columns[:, :3].T:
    assert scipy.stats.kstest(column, "uniform", (-1, 2)).pvalue > 0.01
  assert scipy.stats.kstest(columns[:, 3], "uniform").pvalue > 0.01
  correlations = np.corrcoef(columns.T) - np.eye(4)
  assert np.abs(correlations).max() < 0.06


def test_one_augmentation_leaves_the_numbers_of_others_alone():
  images = _images(10)
  alone = AugmentationConfig(max_shift=1.0)
  few = augment_examples(images, SHAPE, (5, 6), alone)
  many = augment_examples(images, SHAPE, (5, 6), EVERYTHING)
  np.testing.assert_array_equal(few[1], many[1][:, 1:3])


def test_nothing_on_changes_nothing():
  images = _images(5)
  config = AugmentationConfig()
  augmented = augment_examples(images, (64,), (0, 0), config)
  np.testing.assert_array_equal(augmented.inputs, images)
  assert augmented.coefficients.shape == (5, 0)
  varied = apply_task_variation(images, (0, 0), config)
  np.testing.assert_array_equal(varied, images)


def test_same_seed_same_numbers_eager_graph_and_xla():
  images = _images(3, 2, 5)
  seeds = [[1, 2], [3, 4], [5, 6]]

  def everything(images, seeds):
    augmented = augment_examples(images, SHAPE, seeds, EVERYTHING)
    varied = apply_task_variation(augmented.inputs, seeds, EVERYTHING)
    return varied, augmented.coefficients

  eager = everything(images, tf.constant(seeds))
  again = everything(images, tf.constant(seeds))
  for jit_compile in (False, True):
    compiled = tf.function(everything, jit_compile=jit_compile)
    inputs, coefficients = compiled(images, tf.constant(seeds))
    np.testing.assert_allclose(inputs, eager[0], atol=1e-4)
    np.testing.assert_allclose(coefficients, eager[1], atol=1e-6)
  np.testing.assert_array_equal(again[0], eager[0])
  other = everything(images, tf.constant(seeds) + 1)
  assert np.abs(other[0] - eager[0]).mean() > 0.05


def test_a_task_does_not_depend_on_the_others():
  images = _images(3, 2, 5)
  seeds = tf.constant([[1, 2], [3, 4], [1, 2]])
  together = augment_examples(images, SHAPE, seeds, EVERYTHING)
  varied = apply_task_variation(images, seeds, EVERYTHING)
  for task in range(3):
    alone = augment_examples(images[task], SHAPE, seeds[task], EVERYTHING)
    np.testing.assert_allclose(alone[0], together[0][task], atol=1e-6)
    np.testing.assert_array_equal(alone[1], together[1][task])
    alone = apply_task_variation(images[task], seeds[task], EVERYTHING)
    np.testing.assert_array_equal(alone, varied[task])
  assert not np.any(together[1][0].numpy() == together[1][1].numpy())


def test_dropout_is_per_task():
  config = AugmentationConfig(input_dropout=0.25)
  inputs = tf.ones([4, 3, 5, 1000])
  seeds = tf.constant([[task, 0] for task in range(4)])
  seen = apply_task_variation(inputs, seeds, config).numpy()
  assert set(np.unique(seen)) == {0.0, 1.0}
  first = seen[:, :1, :1]
  np.testing.assert_array_equal(seen, np.broadcast_to(first, seen.shape))
  np.testing.assert_allclose(first.mean(axis=-1), 0.75, atol=0.05)
  assert len(np.unique(first.reshape(4, -1), axis=0)) == 4
  # Batches of another shape have the same unseen inputs.
  fewer = apply_task_variation(inputs[:, 0, 0], seeds, config)
  np.testing.assert_array_equal(fewer, first[:, 0, 0])


def test_scale_and_offset_are_per_task_and_in_range():
  config = AugmentationConfig(scale_range=(0.25, 4.0), offset_range=(-1.0, 0.0))
  inputs = np.tile(np.array([0.0, 1.0], np.float32), (500, 2, 1))
  seeds = tf.stack([tf.range(500), tf.zeros(500, tf.int32)], axis=1)
  varied = apply_task_variation(inputs, seeds, config).numpy()
  np.testing.assert_array_equal(varied[:, 0], varied[:, 1])
  offset, scale = varied[:, 0, 0], varied[:, 0, 1] - varied[:, 0, 0]
  exponent = np.log(scale) / np.log(4.0)
  assert scipy.stats.kstest(exponent, "uniform", (-1, 2)).pvalue > 0.01
  assert scipy.stats.kstest(offset, "uniform", (-1, 1)).pvalue > 0.01
  assert abs(np.corrcoef(exponent, offset)[0, 1]) < 0.1


def test_unseen_inputs_are_zero_whatever_the_offset():
  config = AugmentationConfig(input_dropout=0.5, offset_range=(0.5, 1.0))
  varied = apply_task_variation(tf.zeros([2, 100]), (0, 1), config).numpy()
  assert 30 < np.sum(varied[0] == 0) < 70
  assert varied[varied != 0].min() >= 0.5


def test_permutations_are_per_task():
  inputs = _images(3, 2, 5)
  permutations = np.array(
    [np.random.default_rng(task).permutation(64) for task in range(3)]
  )
  permuted = permute_inputs(inputs, permutations)
  assert permuted.shape == inputs.shape
  for task in range(3):
    expected = inputs[task][..., permutations[task]]
    np.testing.assert_array_equal(permuted[task], expected)
    alone = permute_inputs(inputs[task], permutations[task])
    np.testing.assert_array_equal(alone, expected)


@pytest.mark.parametrize("field", ["max_rotation", "max_shift"])
def test_only_images_are_moved(field):
  config = AugmentationConfig(**{field: 1.0})
  with pytest.raises(ValueError, match=r"Only images .*image_shape=\(64,\)"):
    augment_examples(tf.zeros([2, 64]), (64,), (0, 0), config)


def test_bad_input_raises():
  images = _images(2, 5)
  with pytest.raises(ValueError, match="inputs.dtype=uint8"):
    augment_examples(images.astype(np.uint8), SHAPE, (0, 0), EVERYTHING)
  with pytest.raises(ValueError, match=r"seed.shape=\(3,\)"):
    augment_examples(images, SHAPE, (0, 0, 0), EVERYTHING)
  with pytest.raises(ValueError, match=r"one row .*seed.shape=\(3, 2\)"):
    apply_task_variation(images, tf.zeros([3, 2], tf.int32), EVERYTHING)
