# SPDX-License-Identifier: Apache-2.0
"""Tests of collecting images in one array."""

import numpy as np
import pytest

from lurl_tf.tasks.images.image_buffer import ImageBuffer
from lurl_tf.tasks.images.image_format import ImageFormat


def test_rows_are_the_images_in_order():
  pixels = np.arange(5 * 2 * 3 * 3, dtype=np.uint8).reshape(5, 2, 3, 3)
  buffer = ImageBuffer(5, ImageFormat(channels=3))
  buffer.add(pixels[:2], "first")
  buffer.add(pixels[2:], "second")
  inputs, shape = buffer.result()
  assert inputs.dtype == np.uint8
  np.testing.assert_array_equal(inputs, pixels.reshape(5, -1))
  assert shape == (2, 3, 3)


def test_sizes_that_differ_name_both_origins():
  buffer = ImageBuffer(2, ImageFormat())
  buffer.add(np.zeros((1, 4, 5, 1), np.uint8), "a.png")
  message = "4 x 5 pixels in a.png and 5 x 4 in b.png"
  with pytest.raises(ValueError, match=message):
    buffer.add(np.zeros((1, 5, 4, 1), np.uint8), "b.png")


def test_an_image_that_cannot_be_resized_is_named():
  buffer = ImageBuffer(2, ImageFormat(2, resize="stride"))
  buffer.add(np.zeros((1, 4, 4, 1), np.uint8), "a.png")
  with pytest.raises(ValueError, match="images of 5 x 4 in b.png"):
    buffer.add(np.zeros((1, 5, 4, 1), np.uint8), "b.png")


def test_a_missing_image_is_noticed():
  buffer = ImageBuffer(2, ImageFormat())
  buffer.add(np.zeros((1, 4, 4, 1), np.uint8), "a.png")
  with pytest.raises(ValueError, match="2 images .* Received: 1"):
    buffer.result()
