# SPDX-License-Identifier: Apache-2.0
"""Buckets: the finite set of shapes that tasks and base models come in."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from lurl_tf import activations
from lurl_tf.random_numbers import Stream
from lurl_tf.tasks.episodes import EpisodeConfig
from lurl_tf.tasks.images.image_format import ImageFormat, Resize


@dataclasses.dataclass(frozen=True)
class Bucket:
  """All that determines the shapes of a task: one compiled function each.

  Args:
    units: Units of the base model's layers, bottom first.
    activation: Activation of the base model, by its Keras name.
    image_size: Side to which images are resized; None for texts and vectors,
      and for images of their stored size.
    channels: 1 for gray images, 3 for colour.
    resize: Method of resizing images, see `load_examples`.
    episodes: Numbers of classes and examples.

  Raises:
    ValueError: If a number is out of range, or the activation is unknown.
  """

  units: tuple[int, ...] = (64, 32)
  activation: str = "relu"
  image_size: int | None = 8
  channels: int = 1
  resize: Resize = "area"
  episodes: EpisodeConfig = EpisodeConfig(draws=2)

  def __post_init__(self):
    if not self.units or min(self.units) < 1:
      raise ValueError(
        f"`units` must be positive numbers. Received: units={self.units}"
      )
    activations.get(self.activation)
    ImageFormat(self.image_size, self.channels, self.resize)  # Checks.

  def __str__(self) -> str:
    units = "-".join(map(str, self.units))
    size = "" if self.image_size is None else f"{self.image_size}x"
    size += f"{self.image_size}x{self.channels} " if size else ""
    return f"{size}{units} {self.activation}"


def sample_buckets(
  count: int,
  seed: int,
  depths: tuple[int, int] = (2, 5),
  widths: tuple[int, int] = (64, 512),
  activations: Sequence[str] = ("relu",),
  image_sizes: Sequence[int] = (14,),
  output_size: int = 32,
  multiple: int = 32,
  episodes: EpisodeConfig | None = None,
) -> tuple[Bucket, ...]:
  """Draws base architectures (Metz et al. 2019, section 4.2).

  Args:
    count: Number of buckets.
    seed: Integer seed of the draw.
    depths: Smallest and largest number of hidden layers; uniform.
    widths: Smallest and largest number of hidden units, the same in all layers
      of a model; log-uniform, rounded to a `multiple`.
    activations: Activations, used in turn.
    image_sizes: Image sizes, used in turn.
    output_size: Number of units of the top layer.
    multiple: Divisor of all widths, for the speed of devices.
    episodes: Numbers of classes and examples; default: those of
      `EpisodeConfig`.

  Returns:
    The buckets.

  Raises:
    ValueError: If `count` is not positive, or a range is empty.

  Example:

  >>> [bucket.units for bucket in sample_buckets(2, seed=0)]
  [(352, 352, 352, 352, 32), (160, 160, 160, 160, 160, 32)]
  """
  if count < 1 or depths[0] > depths[1] or not 1 <= widths[0] <= widths[1]:
    raise ValueError(
      "`count` must be positive and ranges must not be empty. Received: "
      f"count={count}, depths={depths}, widths={widths}"
    )
  buckets = []
  for index in range(count):
    generator = np.random.default_rng([Stream.BUCKET, seed, index])
    depth = int(generator.integers(depths[0], depths[1] + 1))
    width = math.exp(generator.uniform(*map(math.log, widths)))
    width = max(multiple, multiple * round(width / multiple))
    buckets.append(
      Bucket(
        units=(width,) * depth + (output_size,),
        activation=activations[index % len(activations)],
        image_size=image_sizes[index % len(image_sizes)],
        episodes=episodes or EpisodeConfig(),
      )
    )
  return tuple(buckets)
