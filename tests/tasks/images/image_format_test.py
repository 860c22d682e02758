# SPDX-License-Identifier: Apache-2.0
"""Tests of sizes and channels of images, against Pillow and slices."""

import numpy as np
import pytest
from PIL import Image

from lurl_tf.tasks.images.image_format import ImageFormat


def images(height, width, channels, count=3):
  rng = np.random.default_rng([height, width, channels])
  shape = (count, height, width, channels)
  return rng.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_asked_for_changes_nothing(channels):
  pixels = images(5, 4, channels)
  same = ImageFormat(channels=channels).apply(pixels)
  assert same.dtype == np.uint8
  np.testing.assert_array_equal(same, pixels)


def test_gray_is_the_luminance_of_pillow():
  pixels = images(9, 7, 3)
  gray = ImageFormat().apply(pixels)
  assert gray.shape == (3, 9, 7, 1)
  expected = [np.asarray(Image.fromarray(each).convert("L")) for each in pixels]
  # Pillow rounds its weights to 16 bits.
  assert np.abs(gray[..., 0].astype(int) - np.array(expected)).max() <= 1


def test_gray_that_becomes_coloured_is_repeated():
  pixels = images(4, 4, 1)
  colour = ImageFormat(channels=3).apply(pixels)
  np.testing.assert_array_equal(colour, np.concatenate([pixels] * 3, axis=-1))


@pytest.mark.parametrize("channels", [1, 3])
def test_area_is_the_box_filter_of_pillow(channels):
  pixels = images(28, 28, channels)
  small = ImageFormat(7, channels).apply(pixels)
  assert small.shape == (3, 7, 7, channels)
  for channel in range(channels):
    expected = [
      np.asarray(Image.fromarray(each[..., channel]).resize((7, 7), Image.BOX))
      for each in pixels
    ]
    difference = small[..., channel].astype(int) - np.array(expected)
    assert np.abs(difference).max() <= 1


def test_averages_are_rounded_to_the_nearest():
  pixels = np.array([[[0, 0], [0, 3]], [[1, 0], [0, 0]]], np.uint8)[..., None]
  assert ImageFormat(1).apply(pixels).ravel().tolist() == [1, 0]


def test_stride_is_a_slice():
  pixels = images(28, 28, 3)
  small = ImageFormat(14, 3, "stride").apply(pixels)
  np.testing.assert_array_equal(small, pixels[:, ::2, ::2])
  gray = ImageFormat(14, 1, "stride").apply(pixels)
  np.testing.assert_array_equal(gray, ImageFormat().apply(pixels)[:, ::2, ::2])
  stretched = ImageFormat(2, 1, "stride").apply(images(6, 4, 1))
  np.testing.assert_array_equal(stretched, images(6, 4, 1)[:, ::3, ::2])


@pytest.mark.parametrize("image_size", [10, 56])
def test_stride_must_be_whole(image_size):
  with pytest.raises(ValueError, match=r"must divide .* images of 28 x 28"):
    ImageFormat(image_size, 1, "stride").apply(images(28, 28, 1))


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"image_size": 0}, "image_size=0"),
    ({"image_size": -8}, "image_size=-8"),
    ({"channels": 2}, "channels=2"),
    ({"resize": "crop"}, "resize='crop'"),
    ({"resize": "stride"}, "image_size=None"),
  ],
)
def test_an_option_out_of_range_raises(options, message):
  with pytest.raises(ValueError, match=f"Received: {message}"):
    ImageFormat(**options)


@pytest.mark.parametrize(
  ("options", "received"),
  [({"image_size": 8}, "image_size=8"), ({"channels": 3}, "channels=3")],
)
def test_options_must_be_unused_without_images(options, received):
  ImageFormat().check_unused("my_set", "texts")
  message = f"is for images; 'my_set' holds texts. Received: {received}"
  with pytest.raises(ValueError, match=message):
    ImageFormat(**options).check_unused("my_set", "texts")
