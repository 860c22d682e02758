# SPDX-License-Identifier: Apache-2.0
"""Synthetic families of data sets, for variety in meta-training.

A family turns an integer into a data set: another integer, other classes. Each
hides its classes in its own way from a linear read-out of few labels. The
pixels of their "images" have no order.
"""

import dataclasses

import numpy as np

from lurl_tf.random_numbers import Stream
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_format import ImageFormat

_STDDEVS_OF_BLACK = 3.0  # below the mean; white is as far above it


@dataclasses.dataclass(frozen=True)
class ClustersConfig:
  """Clusters in a few directions, beside directions of nuisance.

  Lengths are in standard deviations of a cluster in one direction.

  Args:
    num_classes: clusters.
    examples_per_class: examples of each.
    image_size: side of the images, in pixels.
    signal_dimensions: directions in which the clusters' centres differ.
    nuisance_dimensions: directions that say nothing about the class.
    separation: standard deviation of the centres in a direction.
    nuisance_stddev: standard deviation in a direction of nuisance.
    noise_stddev: standard deviation of the noise of a pixel.

  Raises:
    ValueError: if a number is out of range, or the directions are more than
      the pixels.
  """

  num_classes: int = 40
  examples_per_class: int = 200
  image_size: int = 8
  signal_dimensions: int = 6
  nuisance_dimensions: int = 40
  separation: float = 3.0
  nuisance_stddev: float = 4.0
  noise_stddev: float = 0.5

  def __post_init__(self):
    _check_numbers(self, ("nuisance_dimensions", "noise_stddev"))
    directions = self.signal_dimensions + self.nuisance_dimensions
    if directions > self.image_size**2:
      raise ValueError(
        "`signal_dimensions` and `nuisance_dimensions` must not be more than "
        f"pixels. Received: signal_dimensions={self.signal_dimensions}, "
        f"nuisance_dimensions={self.nuisance_dimensions}, "
        f"image_size={self.image_size}"
      )


@dataclasses.dataclass(frozen=True)
class DecodersConfig:
  """Latents of class and of style, seen through a random network.

  Args:
    num_classes: centres of latents.
    examples_per_class: examples of each.
    image_size: side of the images, in pixels.
    class_dimensions: latents in which the classes' centres differ; there, the
      centres have a standard deviation of 1.
    style_dimensions: latents that say nothing about the class, of a standard
      deviation of 1.
    within_class_stddev: of latents about their class's centre.
    hidden_units: between latents and pixels.
    gain: of both layers; the higher, the less linear.

  Raises:
    ValueError: if a number is out of range.
  """

  num_classes: int = 40
  examples_per_class: int = 200
  image_size: int = 8
  class_dimensions: int = 4
  style_dimensions: int = 2
  within_class_stddev: float = 0.2
  hidden_units: int = 32
  gain: float = 6.0

  def __post_init__(self):
    _check_numbers(self, ("style_dimensions", "within_class_stddev"))


def clusters(config: ClustersConfig, seed: int) -> LabelledExamples:
  """Normal clusters in a random subspace of the pixels.

  A linear read-out of few labels takes nuisance for signal; features in which
  directions of nuisance and noise are smaller, or no larger than the others,
  do better.

  Args:
    config: sizes.
    seed: 0 or more; which directions, centres and examples.

  Returns:
    Examples in the order of their classes: `inputs` uint8 `[b, i]`.

  Example:

  >>> examples = clusters(ClustersConfig(num_classes=5), seed=0)
  >>> examples.inputs.shape, examples.image_shape
  ((1000, 64), (8, 8, 1))
  """
  generator = np.random.default_rng([Stream.SYNTHETIC_CLUSTERS, seed])
  pixels = config.image_size**2
  signals, nuisances = config.signal_dimensions, config.nuisance_dimensions
  directions, _ = np.linalg.qr(
    generator.standard_normal((pixels, signals + nuisances))
  )
  centers = generator.standard_normal((config.num_classes, signals))
  labels = _labels(config)
  places = generator.standard_normal((len(labels), signals + nuisances))
  places[:, :signals] += config.separation * centers[labels]
  places[:, signals:] *= config.nuisance_stddev
  noise = generator.standard_normal((len(labels), pixels))
  values = places @ directions.T + config.noise_stddev * noise
  values -= values.mean()
  values = 0.5 + 0.5 * values / (_STDDEVS_OF_BLACK * values.std())
  return _examples(values, labels, config)


def decoders(config: DecodersConfig, seed: int) -> LabelledExamples:
  """Samples of a random network that draws classes and styles.

  The network has a layer of tanh units and a layer of sigmoid pixels. The
  classes lie on a curved surface, which a linear read-out cannot follow.

  Args:
    config: sizes.
    seed: 0 or more; which network, centres and examples.

  Returns:
    Examples in the order of their classes: `inputs` uint8 `[b, i]`.

  Example:

  >>> examples = decoders(DecodersConfig(num_classes=5), seed=0)
  >>> examples.inputs.shape, examples.image_shape
  ((1000, 64), (8, 8, 1))
  """
  generator = np.random.default_rng([Stream.SYNTHETIC_DECODERS, seed])

  def layer(values, units):
    fan_in = values.shape[1]
    kernel = generator.standard_normal((fan_in, units)) / np.sqrt(fan_in)
    return config.gain * values @ kernel + generator.standard_normal(units)

  classes = config.class_dimensions
  centers = generator.standard_normal((config.num_classes, classes))
  labels = _labels(config)
  latents = generator.standard_normal(
    (len(labels), classes + config.style_dimensions)
  )
  latents[:, :classes] *= config.within_class_stddev
  latents[:, :classes] += centers[labels]
  hidden = np.tanh(layer(latents, config.hidden_units))
  pixels = layer(hidden, config.image_size**2)
  return _examples(1.0 / (1.0 + np.exp(-pixels)), labels, config)


def _labels(config):
  return np.repeat(
    np.arange(config.num_classes, dtype=np.int32), config.examples_per_class
  )


def _examples(values, labels, config):
  """Examples of `[b, i]` values, of which 0 is black and 1 is white."""
  inputs = np.rint(255.0 * np.clip(values, 0.0, 1.0)).astype(np.uint8)
  class_names = tuple(str(label) for label in range(config.num_classes))
  image_shape = (config.image_size, config.image_size, 1)
  return LabelledExamples(inputs, labels, class_names, image_shape)


def _check_numbers(config, may_be_zero):
  for field in dataclasses.fields(config):
    name, value = field.name, getattr(config, field.name)
    if field.type is int and (not isinstance(value, int)):
      raise ValueError(f"`{name}` must be an integer. Received: {name}={value}")
    if name in may_be_zero:
      if not 0 <= value < np.inf:
        raise ValueError(
          f"`{name}` must be 0 or more. Received: {name}={value}"
        )
    elif not 0 < value < np.inf:
      raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


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
