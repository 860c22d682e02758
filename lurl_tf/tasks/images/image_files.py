# SPDX-License-Identifier: Apache-2.0
"""Reading of single image files, with errors that name the file."""

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
# Also of modes such as "I;16".
_DEEP_MODES = ("I", "F")


def read_image(path: str | os.PathLike) -> np.ndarray:
  """Reads an image as viewers show it.

  The image is rotated according to its EXIF data; transparent pixels become
  white; of an animation only the first frame is read.

  Args:
    path: Path of the file.

  Returns:
    Image, uint8 `[height, width, c]`: 1 channel if the file is gray, else 3.

  Raises:
    ValueError: If the file is damaged, or has more than 8 bits per channel; the
      message names the file.
  """
  try:
    image = _open(path)
  except Exception as error:  # Damaged files raise many types of errors.
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
