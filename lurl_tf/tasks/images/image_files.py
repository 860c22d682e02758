# SPDX-License-Identifier: Apache-2.0
"""Reads image files one by one, so that errors can name the file."""

import os

import numpy as np
from PIL import Image, ImageOps

IMAGE_SUFFIXES = (
  ".bmp",
  ".gif",
  ".jpeg",
  ".jpg",
  ".pgm",
  ".png",
  ".ppm",
  ".tif",
  ".tiff",
  ".webp",
)
# And such as "I;16".
_DEEP_MODES = ("I", "F")


def read_image(path: str | os.PathLike) -> np.ndarray:
  """Reads a picture as a person sees it.

  It is turned as its EXIF data say; what is transparent becomes white; of a
  film only the first picture is read.

  Args:
    path: of the file.

  Returns:
    uint8 `[height, width, c]`: 1 channel if the file is gray, else 3.

  Raises:
    ValueError: if the file is damaged, or has more than 8 bits per channel;
      names the file.
  """
  try:
    image = _open(path)
  except Exception as error:  # of many kinds, for damaged files
    raise ValueError(
      "An image must be a readable file with 8 bits per channel. "
      f"Received: {os.fspath(path)!r}, error={error}"
    ) from error
  pixels = np.asarray(image)
  return pixels if pixels.ndim == 3 else pixels[..., None]


def _open(path: str | os.PathLike) -> Image.Image:
  with Image.open(path) as opened:
    image = ImageOps.exif_transpose(opened)
  if image.mode.partition(";")[0] in _DEEP_MODES:
    raise ValueError(f"more than 8 bits per channel, mode {image.mode!r}")
  if image.has_transparency_data:
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    image = Image.alpha_composite(white, image)
  return image.convert("L" if image.mode in ("1", "L") else "RGB")
