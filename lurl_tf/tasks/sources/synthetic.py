# SPDX-License-Identifier: Apache-2.0
"""Synthetic families of data sets, for variety in meta-training.

A family turns every seed into a data set with classes of its own. Each family
makes the classes hard for a linear read-out of few labels in its own way. The
order of the pixels has no meaning.
"""

import dataclasses

import numpy as np

from lurl_tf.random_numbers import Stream
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.data_set import DataSet

# Black is this many standard deviations below the mean, white as many above.
_STDDEVS_OF_BLACK = 3.0


@dataclasses.dataclass(frozen=True)
class ClustersConfig:
  """Sizes of `clusters`: a few directions of signal, others of nuisance.

  Lengths are in units of the standard deviation of a cluster in one direction
  of signal.

  Args:
    num_classes: Number of clusters.
    examples_per_class: Number of examples of each class.
    image_size: Side of the images, in pixels.
    signal_dimensions: Number of directions in which the class centres differ.
    nuisance_dimensions: Number of directions that do not depend on the class.
    separation: Standard deviation of the centres in a direction of signal.
    nuisance_stddev: Standard deviation in a direction of nuisance.
    noise_stddev: Standard deviation of the noise of a pixel.

  Raises:
    ValueError: If a number is out of range, or there are more directions than
      pixels.
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
        "`signal_dimensions` and `nuisance_dimensions` must not add up to more "
        "than the number of pixels. Received: "
        f"signal_dimensions={self.signal_dimensions}, "
        f"nuisance_dimensions={self.nuisance_dimensions}, "
        f"image_size={self.image_size}"
      )


@dataclasses.dataclass(frozen=True)
class DecodersConfig:
  """Sizes of `decoders`: latents of class and style, and a random network.

  Args:
    num_classes: Number of classes.
    examples_per_class: Number of examples of each class.
    image_size: Side of the images, in pixels.
    class_dimensions: Number of latents in which the class centres differ, with
      a standard deviation of 1.
    style_dimensions: Number of latents that do not depend on the class, with a
      standard deviation of 1.
    within_class_stddev: Standard deviation of latents about the class centre.
    hidden_units: Number of hidden units between latents and pixels.
    gain: Gain of both layers; a higher one makes the network less linear.

  Raises:
    ValueError: If a number is out of range.
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
  """Draws normal clusters in a random subspace of the pixels.

  A linear read-out of few labels mistakes nuisance for signal. Features that
  shrink the directions of nuisance and noise do better.

  With a random orthonormal basis D of the subspace, the class centres c, and
  normal draws a (signal), b (nuisance) and e (noise), an example of class k is

    D [a + separation * c_k, nuisance_stddev * b] + noise_stddev * e,

  scaled and clipped to pixels.

  Args:
    config: Sizes of the data set.
    seed: Seed of directions, centres and examples, 0 or more.

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
  """Draws samples of a random network, from latents of class and style.

  The network has a layer of tanh units and a layer of sigmoid pixels. The
  classes lie on a curved surface, which a linear read-out cannot follow.

  Args:
    config: Sizes of the data set.
    seed: Seed of network, centres and examples, 0 or more.

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
  """Converts values `[b, i]`, 0 for black and 1 for white, to examples."""
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


class SyntheticDataSet(DataSet):
  """A family of synthetic data sets; a split is a seed and a data set.

  Args:
    family: `"clusters"` or `"decoders"`.

  Raises:
    ValueError: If the family is unknown.
  """

  holds_images = True

  def __init__(self, family: str):
    super().__init__(f"synthetic:{family}")
    if family not in FAMILIES:
      known = ", ".join(f"synthetic:{known}" for known in FAMILIES)
      raise ValueError(
        f"`name` must be one of {known}. Received: name={self.name!r}"
      )
    self._family = family

  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Generates the data set of a seed; see `DataSet.read`.

    Args:
      split: Seed, such as `"0"`.
      image_format: Format whose size is used, 8 by default.

    Returns:
      The examples, uint8.

    Raises:
      ValueError: If the split is no seed, or images in colour are asked for.
    """
    if not split.isdecimal():
      raise ValueError(
        "`split` of a synthetic family must be a seed, 0 or more. "
        f"Received: name={self.name!r}, split={split!r}"
      )
    if image_format.channels != 1:
      raise ValueError(
        "`channels` must be 1 for a synthetic family. "
        f"Received: channels={image_format.channels}"
      )
    size = image_format.image_size or 8
    if self._family == "clusters":
      return clusters(ClustersConfig(image_size=size), int(split))
    return decoders(DecodersConfig(image_size=size), int(split))
