# SPDX-License-Identifier: Apache-2.0
"""Tests of reading image files, whole and damaged ones."""

import numpy as np
import pytest
from PIL import Image

from lurl_tf.tasks.images.image_files import read_image

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint8)


def test_colour_and_gray(tmp_path):
  Image.fromarray(PIXELS).save(tmp_path / "colour.png")
  Image.fromarray(PIXELS[..., 0]).save(tmp_path / "gray.png")
  np.testing.assert_array_equal(read_image(tmp_path / "colour.png"), PIXELS)
  np.testing.assert_array_equal(
    read_image(str(tmp_path / "gray.png")), PIXELS[..., :1]
  )


def test_black_and_white_is_0_and_255(tmp_path):
  bits = PIXELS[..., 0] > 127
  Image.fromarray(bits).save(tmp_path / "bits.png")
  np.testing.assert_array_equal(
    read_image(tmp_path / "bits.png")[..., 0], 255 * bits
  )


def test_a_palette_becomes_colour(tmp_path):
  image = Image.fromarray(PIXELS).quantize(16)
  image.save(tmp_path / "palette.gif")
  expected = np.asarray(image.convert("RGB"))
  np.testing.assert_array_equal(read_image(tmp_path / "palette.gif"), expected)


def test_what_is_transparent_becomes_white(tmp_path):
  alpha = np.full((40, 30, 1), 255, np.uint8)
  alpha[:20] = 0
  image = Image.fromarray(np.concatenate([PIXELS, alpha], axis=-1))
  image.save(tmp_path / "drawing.png")
  read = read_image(tmp_path / "drawing.png")
  assert (read[:20] == 255).all()
  np.testing.assert_array_equal(read[20:], PIXELS[20:])


def test_a_photo_is_turned_upright(tmp_path):
  exif = Image.Exif()
  exif[0x0112] = 6  # taken with the camera on its side
  Image.fromarray(PIXELS).save(tmp_path / "photo.png", exif=exif)
  expected = np.rot90(PIXELS, -1)
  np.testing.assert_array_equal(read_image(tmp_path / "photo.png"), expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "bmp", "tif"])
def test_a_truncated_file_is_named(tmp_path, suffix):
  path = tmp_path / f"broken.{suffix}"
  Image.fromarray(PIXELS).save(path)
  assert read_image(path).shape == (40, 30, 3)
  contents = path.read_bytes()
  for length in (len(contents) * 2 // 3, 10, 0):
    path.write_bytes(contents[:length])
    with pytest.raises(ValueError, match=f"readable file .*broken.{suffix}"):
      read_image(path)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(ValueError, match="gone.png"):
    read_image(tmp_path / "gone.png")


def test_deep_images_are_refused(tmp_path):
  deep = np.arange(1200, dtype=np.uint16).reshape(40, 30)
  Image.fromarray(deep).save(tmp_path / "deep.png")
  with pytest.raises(ValueError, match="deep.png.*more than 8 bits"):
    read_image(tmp_path / "deep.png")
