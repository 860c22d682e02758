# SPDX-License-Identifier: Apache-2.0
"""Rendering of characters as small, varied, white-on-black images.

The same character, font and seed give the same image on every machine that has
the same Pillow, which includes FreeType; other versions may differ in the last
bits of some pixels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

# Pillow is imported where it is used: `import lurl_tf` stays cheap.
if TYPE_CHECKING:
  from PIL import Image, ImageFont

_SUPERSAMPLING = 4  # Images are drawn this much larger, then averaged.
_FONT_SIZE = 112  # Capitals have about the size of the drawn image.

# Ranges of a variant, uniform. Lengths are fractions of the image's side.
_LONGEST_SIDE = (0.62, 0.92)
_LARGEST_ROTATION = math.radians(15.0)
_LARGEST_SHEAR = 0.2
_LARGEST_LOG_ASPECT = 0.15
_LARGEST_SHIFT = 0.07
_LARGEST_BLUR = 0.02
_STROKE_WIDTHS = 5  # 0 to 4 pixels on either side, at the font size above.


def load_font(path: str) -> ImageFont.FreeTypeFont:
  """Opens a font file at the size that glyphs are drawn at.

  Args:
    path: Path of a TrueType or OpenType file.

  Returns:
    Font of Pillow.

  Raises:
    OSError: If the file is not a font that Pillow reads.
  """
  from PIL import ImageFont

  # Only the basic layout engine is available on every machine.
  return ImageFont.truetype(
    path, _FONT_SIZE, layout_engine=ImageFont.Layout.BASIC
  )


def draw_glyph(
  font: ImageFont.FreeTypeFont, character: str, stroke_width: int = 0
) -> Image.Image | None:
  """Draws one upright character and crops it to its ink.

  Args:
    font: Font from `load_font`.
    character: Character to draw.
    stroke_width: Pixels by which every line is thickened on either side.

  Returns:
    A grayscale image, or None if the font draws nothing.
  """
  from PIL import Image, ImageDraw

  box = font.getbbox(character, stroke_width=stroke_width)
  left, top = math.floor(box[0]), math.floor(box[1])
  size = (math.ceil(box[2]) - left, math.ceil(box[3]) - top)
  if min(size) < 1:
    return None
  image = Image.new("L", size)
  ImageDraw.Draw(image).text(
    (-left, -top), character, 255, font=font, stroke_width=stroke_width
  )
  ink = image.getbbox()
  return image.crop(ink) if ink else None


def render_variants(
  font: ImageFont.FreeTypeFont,
  character: str,
  num_variants: int,
  seed: int,
  image_size: int = 28,
) -> np.ndarray:
  """Renders a character in seeded variants.

  A variant has its own size, rotation (up to 15 degrees), shear, aspect ratio,
  position, stroke thickness and blur. The first n variants do not depend on
  `num_variants`.

  Args:
    font: Font from `load_font` that draws the character.
    character: Character to draw.
    num_variants: Number of images.
    seed: Integer seed of the variations, different for every font.
    image_size: Side of the images, in pixels.

  Returns:
    Images `[num_variants, image_size, image_size]`, uint8: ink 255, ground 0.

  Raises:
    ValueError: If the font draws nothing for the character.
  """
  random = np.random.default_rng([seed, ord(character)])
  glyphs = [
    draw_glyph(font, character, width) for width in range(_STROKE_WIDTHS)
  ]
  if glyphs[0] is None:
    raise ValueError(
      "`font` must draw the character. Received: "
      f"font={font.getname()}, character={character!r}"
    )
  images = np.empty((num_variants, image_size, image_size), np.uint8)
  for variant, uniform in enumerate(random.random((num_variants, 8))):
    glyph = glyphs[int(uniform[0] * _STROKE_WIDTHS)]
    images[variant] = _place(glyph, uniform[1:], image_size)
  return images


def _place(
  glyph: Image.Image, uniform: np.ndarray, image_size: int
) -> np.ndarray:
  """Transforms a drawn glyph into an image; seven numbers in [0, 1) vary it."""
  from PIL import Image, ImageFilter

  uniform = [float(number) for number in uniform]
  signed = [2.0 * number - 1.0 for number in uniform]
  canvas = image_size * _SUPERSAMPLING
  smallest, largest = _LONGEST_SIDE
  side = canvas * (smallest + (largest - smallest) * uniform[0])
  scale = side / max(glyph.size)
  angle = _LARGEST_ROTATION * signed[1]
  shear = _LARGEST_SHEAR * signed[2]
  aspect = math.exp(_LARGEST_LOG_ASPECT * signed[3] / 2)
  width, height = scale * aspect, scale / aspect
  x = canvas * (0.5 + _LARGEST_SHIFT * signed[4])
  y = canvas * (0.5 + _LARGEST_SHIFT * signed[5])
  # Pillow needs the point of the glyph that each pixel of the canvas shows: the
  # inverse of scale, then shear, then rotation, in closed form.
  cosine, sine = math.cos(angle), math.sin(angle)
  a, b = (cosine + shear * sine) / width, (sine - shear * cosine) / width
  d, e = -sine / height, cosine / height
  c = glyph.width / 2 - a * x - b * y
  f = glyph.height / 2 - d * x - e * y
  image = glyph.transform(
    (canvas, canvas),
    Image.Transform.AFFINE,
    (a, b, c, d, e, f),
    resample=Image.Resampling.BILINEAR,
  )
  blur = canvas * _LARGEST_BLUR * uniform[6]
  image = image.filter(ImageFilter.GaussianBlur(blur))
  return np.asarray(image.reduce(_SUPERSAMPLING))
