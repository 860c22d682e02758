# SPDX-License-Identifier: Apache-2.0
"""Variation of small images of characters beyond that of fonts."""

import numpy as np

# Lengths are fractions of the image's side.
_LARGEST_DISPLACEMENT = 0.06  # Root mean square.
_SMOOTHNESS_OF_DISPLACEMENT = 0.14
_CLUTTER_LENGTH = (0.1, 0.35)
_CLUTTER_HALF_WIDTH = (0.015, 0.035)
_CLUTTER_BRIGHTNESS = (0.4, 1.0)
_MOST_CLUTTER = 3  # Lines.
_THINNING = 0.8  # Share of the difference to the eroded image.
_CLUTTERED, _INVERTED = 0.5, 0.25  # Shares of the images.
_PLUS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def vary_glyphs(images: np.ndarray, seed: int, character: str) -> np.ndarray:
  """Varies stroke, elastic deformation, clutter and inversion of each image.

  The stroke is unchanged, thinned, thickened, or replaced by its outline.
  Elastic deformations follow Simard et al. 2003. Half of the images get one to
  three short lines of clutter, and a quarter is inverted to black on white. The
  variation of an image does not depend on the number of images.

  Args:
    images: Images `[b, height, width]`, uint8, white on black.
    seed: Integer seed of the variations, different for every font.
    character: Character in the images; each has its own variations.

  Returns:
    Images of the same shape, uint8.
  """
  varied = np.empty_like(images)
  for index, image in enumerate(images):
    # Counting starts at 1: a final 0 would not change the seed.
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
  """Changes the stroke of a white glyph.

  Args:
    image: Image `[height, width]`, from 0 to 1.
    kind: 0 for no change, 1 for thin, 2 for thick, 3 for the outline.

  Returns:
    An image with the same maximum.
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
    image: Image `[height, width]`.
    generator: Generator of random numbers.

  Returns:
    The deformed image; pixels from outside are 0.
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
  """Draws one to three short lines on an image, where they are brighter.

  Args:
    image: Image `[height, width]`, from 0 to 1.
    generator: Generator of random numbers.

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
