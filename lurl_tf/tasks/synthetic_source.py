# SPDX-License-Identifier: Apache-2.0
"""Loads a data set of a synthetic family by the family's name and a seed."""

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.synthetic import (
  ClustersConfig,
  DecodersConfig,
  clusters,
  decoders,
)

FAMILIES = ("clusters", "decoders")


def load_synthetic(
  family: str, split: str, image_format: ImageFormat
) -> LabelledExamples:
  """One data set of a family.

  Args:
    family: `"clusters"` or `"decoders"`.
    split: the seed; every seed is a data set of its own.
    image_format: of which the size is used, 8 by default.

  Returns:
    The examples, uint8.

  Raises:
    ValueError: if the family is unknown, or the split is no seed.
  """
  if family not in FAMILIES:
    raise ValueError(
      f"`name` must be one of {', '.join(f'synthetic:{f}' for f in FAMILIES)}. "
      f"Received: name='synthetic:{family}'"
    )
  if not split.isdecimal():
    raise ValueError(
      "`split` of a synthetic family must be a seed, 0 or more. "
      f"Received: name='synthetic:{family}', split={split!r}"
    )
  if image_format.channels != 1:
    raise ValueError(
      "`channels` must be 1 for a synthetic family. "
      f"Received: channels={image_format.channels}"
    )
  size = image_format.image_size or 8
  if family == "clusters":
    return clusters(ClustersConfig(image_size=size), int(split))
  return decoders(DecodersConfig(image_size=size), int(split))
