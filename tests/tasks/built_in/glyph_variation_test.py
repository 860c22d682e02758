# SPDX-License-Identifier: Apache-2.0
"""Tests of varied glyphs: repeatable, and each variation does its own thing."""

import os

import numpy as np
import pytest
from scipy import ndimage

from lurl_tf.tasks.built_in.glyph_fonts import matplotlib_fonts_dir
from lurl_tf.tasks.built_in.glyph_rendering import load_font, render_variants
from lurl_tf.tasks.built_in.glyph_variation import (
  add_clutter,
  deform,
  restroke,
  vary_glyphs,
)

# Means of 7 x 7 blocks of the first variant of an R, in gray levels.
GOLDEN_MEANS = [
  [247.6, 150.1, 181.3, 254.9],
  [246.4, 57.9, 50.7, 240.0],
  [254.9, 90.0, 90.1, 208.5],
  [255.0, 210.9, 219.0, 204.7],
]


@pytest.fixture(name="images", scope="module")
def fixture_images():
  path = os.path.join(matplotlib_fonts_dir(), "DejaVuSans.ttf")
  return render_variants(load_font(path), "R", 200, seed=0)


def test_same_seed_gives_same_images(images):
  varied = vary_glyphs(images, 1, "R")
  assert varied.shape == images.shape
  assert varied.dtype == np.uint8
  np.testing.assert_array_equal(varied, vary_glyphs(images, 1, "R"))
  np.testing.assert_array_equal(varied[:3], vary_glyphs(images[:3], 1, "R"))


def test_seeds_characters_and_images_differ(images):
  same = np.repeat(images[:1], 3, axis=0)
  varied = np.concatenate(
    [vary_glyphs(same, 1, "R"), vary_glyphs(same, 2, "R")]
    + [vary_glyphs(same, 1, "S")]
  )
  assert len(np.unique(varied.reshape(9, -1), axis=0)) == 9


def test_a_quarter_is_inverted(images):
  varied = vary_glyphs(images, 0, "R").astype(int)
  grounds = np.median(varied.reshape(200, -1), axis=1)
  assert 0.15 < np.mean(grounds > 128) < 0.35
  assert varied.max(axis=(1, 2)).min() > 100
  assert varied.min(axis=(1, 2)).max() < 155


def test_pixels_stay_what_the_version_promises(images):
  # Prepared sets are not rendered again: a change here asks for another VERSION
  # of `LurlGlyphs`.
  varied = vary_glyphs(images[:1], 0, "R")[0]
  means = varied.reshape(4, 7, 4, 7).mean(axis=(1, 3))
  np.testing.assert_allclose(means, GOLDEN_MEANS, atol=3)


def test_strokes_are_thin_thick_or_hollow():
  image = np.zeros((20, 20))
  image[6:14, 8:12] = 0.9  # a bar 8 high and 4 wide
  alone, thin, thick, outline = (restroke(image, kind) for kind in range(4))
  np.testing.assert_array_equal(alone, image)
  eroded = np.zeros_like(image)
  eroded[7:13, 9:11] = 0.9
  np.testing.assert_allclose(thin, 0.2 * image + 0.8 * eroded)
  dilated = np.zeros_like(image)
  dilated[5:15, 8:12] = dilated[6:14, 7:13] = 0.9
  np.testing.assert_allclose(thick, dilated)
  np.testing.assert_allclose(outline, dilated - image)


def test_strokes_are_as_bright_as_before(images):
  for image in images[:20] / 255.0:
    for kind in range(4):
      assert restroke(image, kind).max() == pytest.approx(image.max())


@pytest.mark.parametrize("axis", [0, 1])
def test_a_deformation_is_small_and_smooth(axis):
  generator = np.random.default_rng(0)
  # A ramp, whose brightness tells where a pixel came from.
  ramp = np.indices((28, 28))[axis].astype(float)
  lengths = []
  for _ in range(50):
    moved = (deform(ramp, generator) - ramp)[6:-6, 6:-6]
    lengths.append(np.sqrt(np.mean(moved**2)))
    for direction in (0, 1):
      assert np.abs(np.diff(moved, axis=direction)).max() < 1.0
  assert min(lengths) < 0.2
  assert 0.8 < max(lengths) < 2.0


def test_clutter_adds_a_little_light():
  generator = np.random.default_rng(0)
  image = np.zeros((28, 28))
  image[:, ::9] = 0.3
  shares, pieces = [], set()
  for _ in range(200):
    state = generator.bit_generator.state
    cluttered = add_clutter(image, generator)
    generator.bit_generator.state = state
    clutter = add_clutter(np.zeros_like(image), generator)
    np.testing.assert_array_equal(cluttered, np.maximum(image, clutter))
    assert clutter.max() <= 1.0
    shares.append(np.mean(clutter > 0))
    pieces.add(ndimage.label(clutter > 0, np.ones((3, 3)))[1])
  assert {1, 2, 3} <= pieces <= {0, 1, 2, 3}
  assert 0.01 < np.mean(shares) < 0.15


def test_a_blank_image_stays_finite():
  assert np.all(restroke(np.zeros((8, 8)), 3) == 0)
