# SPDX-License-Identifier: Apache-2.0
"""Tests of area resizing against block means."""

import math

import numpy as np
import pytest
from PIL import Image

from lurl_tf.tasks.images.area_resize import area_resize, area_weights


def _block_means(images, image_size):
  """Repeats pixels until the sizes divide, then averages whole blocks."""
  for axis in (1, 2):
    size = images.shape[axis]
    common = math.lcm(size, image_size)
    images = np.repeat(images, common // size, axis)
    blocks = (image_size, common // image_size)
    shape = images.shape[:axis] + blocks + images.shape[axis + 1 :]
    images = images.reshape(shape).mean(axis + 1)
  return images


@pytest.mark.parametrize(
  ("shape", "image_size"),
  [((28, 28), 14), ((28, 28), 8), ((32, 32), 14), ((8, 8), 12), ((9, 5), 7)],
)
def test_equals_block_means(shape, image_size):
  images = np.random.default_rng(0).integers(0, 256, (3, *shape))
  resized = area_resize(images.astype(np.uint8), image_size)
  expected = _block_means(images.astype(np.float64), image_size)
  np.testing.assert_allclose(resized, expected, rtol=1e-12)


def test_equals_pillow_where_sizes_divide():
  image = np.random.default_rng(0).random((28, 28)).astype(np.float32)
  pillow = Image.fromarray(image).resize((7, 7), Image.Resampling.BOX)
  resized = area_resize(image[None], 7)
  np.testing.assert_allclose(resized[0], np.asarray(pillow), atol=1e-6)


def test_same_size_changes_nothing():
  images = np.arange(18.0).reshape(2, 3, 3)
  np.testing.assert_array_equal(area_resize(images, 3), images)


def test_weights_share_a_pixel_between_two_outputs():
  expected = [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]
  np.testing.assert_allclose(area_weights(3, 2), expected, rtol=1e-15)
