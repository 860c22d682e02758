# SPDX-License-Identifier: Apache-2.0
"""Format to which images of any source are converted."""

import dataclasses
from typing import Literal

import numpy as np

from lurl_tf.tasks.images.area_resize import area_resize

Resize = Literal["area", "stride"]

_LUMINANCE = (0.299, 0.587, 0.114)  # Red, green, blue: ITU BT.601.


@dataclasses.dataclass(frozen=True)
class ImageFormat:
  """Size and channels of images, and the method of resizing.

  Args:
    image_size: Height and width, in pixels; None keeps the size of the images.
    channels: 1 for gray (luminance), 3 for red, green and blue, which repeats
      the channel of a gray image.
    resize: `"area"` averages over areas. `"stride"` keeps the first of every
      few rows and columns, `[::2, ::2]` from 28 to 14 pixels, as the released
      program of Metz et al. 2019 does; for whole factors only.

  Raises:
    ValueError: If an option is out of range, or a stride has no size.
  """

  image_size: int | None = None
  channels: int = 1
  resize: Resize = "area"

  def __post_init__(self):
    if self.image_size is not None and self.image_size < 1:
      raise ValueError(
        f"`image_size` must be positive. Received: image_size={self.image_size}"
      )
    if self.channels not in (1, 3):
      raise ValueError(
        f"`channels` must be 1 or 3. Received: channels={self.channels}"
      )
    if self.resize not in ("area", "stride"):
      raise ValueError(
        f"`resize` must be 'area' or 'stride'. Received: resize={self.resize!r}"
      )
    if self.resize == "stride" and self.image_size is None:
      raise ValueError(
        "`image_size` must be given with resize='stride'. "
        "Received: image_size=None"
      )

  def apply(self, images: np.ndarray) -> np.ndarray:
    """Resizes images, and converts them to gray or colour.

    Args:
      images: Images `[b, height, width, c]` of 1 or 3 channels, 0 to 255, of
        any real dtype.

    Returns:
      Images, uint8 `[b, image_size, image_size, channels]`.

    Raises:
      ValueError: If the stride is no integer.
    """
    if self.resize == "stride":
      images = _stride(images, self.image_size)
    if images.shape[-1] == 3 and self.channels == 1:
      images = sum(
        weight * images[..., channel]
        for channel, weight in enumerate(_LUMINANCE)
      )[..., None]
    if self.resize == "area" and self.image_size is not None:
      images = np.stack(
        [
          area_resize(images[..., channel], self.image_size)
          for channel in range(images.shape[-1])
        ],
        axis=-1,
      )
    if images.dtype != np.uint8:
      images = np.rint(images).astype(np.uint8)
    if images.shape[-1] < self.channels:
      images = np.repeat(images, self.channels, axis=-1)
    return images

  def check_unused(self, name: str, content: str) -> None:
    """Raises an error if a format is given for a data set without images.

    Args:
      name: Name of the data set.
      content: Kind of its inputs, in the plural.

    Raises:
      ValueError: If this format differs from `ImageFormat()`.
    """
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if value != field.default:
        raise ValueError(
          f"`{field.name}` is for images; {name!r} holds {content}. "
          f"Received: {field.name}={value!r}"
        )


def _stride(images: np.ndarray, image_size: int) -> np.ndarray:
  height, width = images.shape[1:3]
  if height % image_size or width % image_size:
    raise ValueError(
      "`image_size` must divide height and width with resize='stride'. "
      f"Received: image_size={image_size}, images of {height} x {width}"
    )
  return images[:, :: height // image_size, :: width // image_size]
