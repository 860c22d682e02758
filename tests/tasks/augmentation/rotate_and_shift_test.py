# SPDX-License-Identifier: Apache-2.0
"""Tests of rotation and shift: SciPy's and NumPy's numbers."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from lurl_tf.tasks.augmentation.rotate_and_shift import rotate_and_shift


def _images(count, shape, seed=0):
  return np.random.default_rng(seed).random((count, *shape), np.float32)


def _flat(images):
  return images.reshape(len(images), -1)


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 10, 3)])
def test_rotations_are_those_of_scipy(shape):
  degrees = np.array([0.0, 17.0, -33.3, 90.0, 180.0, 275.0], np.float32)
  images = _images(len(degrees), shape)
  none = np.zeros_like(degrees)
  rotated = rotate_and_shift(_flat(images), shape, degrees, none, none)
  expected = [
    scipy.ndimage.rotate(
      image, angle, order=1, reshape=False, mode="grid-constant"
    )
    for image, angle in zip(images, degrees)
  ]
  np.testing.assert_allclose(rotated, _flat(np.array(expected)), atol=2e-5)


def test_a_shift_comes_after_the_rotation():
  shape = (9, 6, 1)
  (image,) = _images(1, shape)
  degrees, shift = 25.0, np.array([1.3, -2.4])  # down, right
  angle = np.radians(degrees)
  matrix = np.array(
    [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
  )
  center = np.array([4.0, 2.5])
  expected = scipy.ndimage.affine_transform(
    image[..., 0],
    matrix,
    offset=center - matrix @ (center + shift),
    order=1,
    mode="grid-constant",
  )
  moved = rotate_and_shift(
    image.reshape(1, -1), shape, [degrees], [shift[1]], [shift[0]]
  )
  np.testing.assert_allclose(moved[0], expected.ravel(), atol=1e-5)


def test_whole_pixel_shifts_are_those_of_numpy():
  shape = (5, 6, 2)
  shifts = [(0, 0), (1, 0), (0, 2), (-3, -1), (6, 0)]  # right, down
  images = _images(len(shifts), shape)
  x, y = np.array(shifts, np.float32).T
  moved = rotate_and_shift(_flat(images), shape, np.zeros_like(x), x, y)
  for image, result, (right, down) in zip(images, moved.numpy(), shifts):
    padded = np.pad(image, ((8, 8), (8, 8), (0, 0)))
    expected = padded[8 - down : 13 - down, 8 - right : 14 - right]
    np.testing.assert_array_equal(result.reshape(shape), expected)


def test_leading_axes_change_nothing():
  shape = (4, 4, 1)
  images = _flat(_images(6, shape))
  degrees, x, y = _images(6, (3,), seed=1).T
  one_axis = rotate_and_shift(images, shape, degrees, x, y)
  three_axes = rotate_and_shift(
    images.reshape(1, 2, 3, 16),
    shape,
    *(values.reshape(1, 2, 3) for values in (degrees, x, y)),
  )
  np.testing.assert_array_equal(tf.reshape(three_axes, [6, 16]), one_axis)


def test_float64_is_kept():
  images = _flat(_images(1, (4, 4, 1))).astype(np.float64)
  moved = rotate_and_shift(images, (4, 4, 1), [0.0], [0.0], [0.0])
  assert moved.dtype == tf.float64
  np.testing.assert_array_equal(moved, images)


@pytest.mark.parametrize("image_shape", [(16,), (4, 4), (4, 5, 1)])
def test_wrong_shapes_raise(image_shape):
  with pytest.raises(ValueError, match=r"`image_shape` must .*image_shape=\("):
    rotate_and_shift(tf.zeros([1, 16]), image_shape, [0.0], [0.0], [0.0])
