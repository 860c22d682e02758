# SPDX-License-Identifier: Apache-2.0
"""Varies small images of characters beyond what fonts do."""

import numpy as np

# Lengths are fractions of the image's side.
_LARGEST_DISPLACEMENT = 0.06  # root mean square
_SMOOTHNESS_OF_DISPLACEMENT = 0.14
_CLUTTER_LENGTH = (0.1, 0.35)
_CLUTTER_HALF_WIDTH = (0.015, 0.035)
_CLUTTER_BRIGHTNESS = (0.4, 1.0)
_MOST_CLUTTER = 3  # lines
_THINNING = 0.8  # share of the difference to the eroded image
_CLUTTERED, _INVERTED = 0.5, 0.25  # shares of the images
_PLUS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def vary_glyphs(images: np.ndarray, seed: int, character: str) -> np.ndarray:
  """Gives every image its own stroke, elastic deformation, clutter, inversion.

  The stroke is left alone, thinned, thickened, or replaced by its outline.
  Elastic deformations follow Simard et al. 2003. Half of the images get one to
  three short lines of clutter, and a quarter is black on white. What becomes of
  an image does not depend on how many there are.

  Args:
    images: `[b, height, width]`, uint8, white on black.
    seed: which variations; use another one for every font.
    character: what the images show; each character gets its own variations.

  Returns:
    uint8, shaped as given.
  """
  varied = np.empty_like(images)
  for index, image in enumerate(images):
    # From 1, because a last 0 makes no other seed.
    generator = np.random.default_rng([seed, ord(character), 1 + index])
    image = restroke(image / 255.0, int(generator.integers(4)))
    image = deform(image, generator)
    if generator.random() < _CLUTTERED:
      image = add_clutter(image, generator)
    if generator.random() < _INVERTED:
      image = 1.0 - image
    varied[index] = np.rint(255.0 * np.clip(image, 0.0, 1.0))
  return varied


def restroke(image: np.ndarray, kind: int) -> np.ndarray:
  """Draws a white glyph with another stroke.

  Args:
    image: `[height, width]`, from 0 to 1.
    kind: 0 leaves it alone, 1 thins it, 2 thickens it, 3 leaves its outline.

  Returns:
    An image as bright as the given one at its brightest.
  """
  from scipy import ndimage

  if kind == 0:
    return image
  if kind == 1:
    eroded = ndimage.grey_erosion(image, footprint=_PLUS, mode="constant")
    result = image - _THINNING * (image - eroded)
  else:
    dilated = ndimage.grey_dilation(image, footprint=_PLUS, mode="constant")
    result = dilated if kind == 2 else dilated - image
  return result * (image.max() / max(result.max(), 1e-6))


def deform(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
  """Moves pixels by a smooth random field.

  Args:
    image: `[height, width]`.
    generator: of random numbers.

  Returns:
    The deformed image; what comes from outside is 0.
  """
  from scipy import ndimage

  side = max(image.shape)
  field = generator.uniform(-1.0, 1.0, (2, *image.shape))
  smoothness = _SMOOTHNESS_OF_DISPLACEMENT * side
  field = ndimage.gaussian_filter(field, (0, smoothness, smoothness))
  length = _LARGEST_DISPLACEMENT * side * generator.random()
  field *= length / np.sqrt(np.mean(np.sum(field**2, axis=0)))
  places = np.indices(image.shape) + field
  return ndimage.map_coordinates(image, places, order=1, mode="constant")


def add_clutter(
  image: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
  """Draws one to three short lines over an image, where they are brighter.

  Args:
    image: `[height, width]`, from 0 to 1.
    generator: of random numbers.

  Returns:
    The cluttered image.
  """
  height, width = image.shape
  side = max(image.shape)
  rows, columns = np.indices(image.shape)
  for _ in range(generator.integers(1, _MOST_CLUTTER + 1)):
    y, x = generator.uniform(0, height), generator.uniform(0, width)
    angle = generator.uniform(0, np.pi)
    half_length = side * generator.uniform(*_CLUTTER_LENGTH) / 2
    half_width = side * generator.uniform(*_CLUTTER_HALF_WIDTH)
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    beyond = np.maximum(np.abs(along) - half_length, 0.0)
    distance = np.hypot(beyond, across)
    ink = np.clip(half_width + 0.5 - distance, 0.0, 1.0)
    image = np.maximum(image, ink * generator.uniform(*_CLUTTER_BRIGHTNESS))
  return image
