# SPDX-License-Identifier: Apache-2.0
"""Named task distributions."""

import difflib
import os
from collections.abc import Callable

from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.distributions.bucket import Bucket, sample_buckets
from lurl_tf.tasks.distributions.data_source import DataSource
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution
from lurl_tf.tasks.episodes import EpisodeConfig


def _quick() -> TaskDistribution:
  """Rendered letters, 8 x 8: meta-trains in minutes, without a download."""
  return TaskDistribution(
    sources=(
      DataSource("lurl_glyphs"),
      DataSource("lurl_glyphs", use="meta_validation", split="test"),
      DataSource("lurl_digits", use="test", split="test"),
    )
  )


def _compact() -> TaskDistribution:
  """Glyphs, photographs and synthetic data, for meta-training on two cores.

  Photographs of this size leave little to learn (`show_tasks --headroom`: 4 to
  5 points; letters 9 to 23, synthetic data 14 and more), so their weight is
  low.
  """
  episodes = EpisodeConfig(draws=2)
  return TaskDistribution(
    sources=(
      DataSource("lurl_glyphs/letters_varied", weight=2.0),
      DataSource("lurl_glyphs", weight=2.0),
      DataSource("cifar10", weight=0.5),
      DataSource("tiny_imagenet32", weight=0.5, classes="meta_train"),
      DataSource("synthetic:clusters", weight=1.0, split="0:8"),
      DataSource("synthetic:decoders", weight=1.0, split="0:8"),
      DataSource("lurl_glyphs", use="meta_validation", split="test"),
      DataSource(
        "lurl_glyphs/letters_varied", use="meta_validation", split="test"
      ),
      DataSource(
        "tiny_imagenet32",
        weight=0.5,
        use="meta_validation",
        classes="held_out",
      ),
      DataSource("mnist", use="test", split="test"),
    ),
    buckets=(
      Bucket((64, 32), "relu", 8, episodes=episodes),
      Bucket((64, 64, 32), "leaky_relu", 8, episodes=episodes),
      Bucket((128, 32), "relu", 14, episodes=episodes),
    ),
    augmentation=AugmentationConfig(
      input_dropout=0.1, scale_range=(0.5, 1.5), offset_range=(-0.25, 0.25)
    ),
  )


def _small() -> TaskDistribution:
  """Glyphs and photographs, 8 x 8: the tasks of the shipped rule `pooled`.

  The second base network has layers between hidden layers.
  """
  episodes = EpisodeConfig(draws=2)
  return TaskDistribution(
    sources=(
      DataSource("lurl_glyphs", weight=3.0),
      DataSource("lurl_glyphs/letters_varied", weight=2.0),
      DataSource("cifar10", weight=0.5),
      DataSource("tiny_imagenet32", weight=0.5, classes="meta_train"),
      DataSource(
        "lurl_glyphs", weight=3.0, use="meta_validation", split="test"
      ),
      DataSource(
        "lurl_glyphs/letters_varied",
        weight=2.0,
        use="meta_validation",
        split="test",
      ),
      DataSource("tiny_imagenet32", use="meta_validation", classes="held_out"),
      DataSource("mnist", use="test", split="test"),
    ),
    buckets=(
      Bucket((64, 32), "relu", 8, episodes=episodes),
      Bucket((64, 64, 32), "relu", 8, episodes=episodes),
    ),
  )


def _metz2019() -> TaskDistribution:
  """Tasks of Metz et al. 2019, section 4.2, as far as they are known.

  The paper uses CIFAR-10, a subset of ImageNet at 32 x 32, and rendered fonts;
  `tiny_imagenet32` replaces the subset of ImageNet. The sizes of inputs,
  batches, episodes and top layer are those of the released program.
  """
  return TaskDistribution(
    sources=(
      DataSource("cifar10"),
      DataSource("tiny_imagenet32", classes="meta_train"),
      DataSource("lurl_glyphs/letters_varied"),
      DataSource("tiny_imagenet32", use="meta_validation", classes="held_out"),
      DataSource(
        "lurl_glyphs/letters_varied", use="meta_validation", split="test"
      ),
      DataSource("mnist", use="test", split="test"),
      DataSource("cifar10", use="test", split="test"),
    ),
    buckets=sample_buckets(
      5, seed=0, image_sizes=(14,), episodes=EpisodeConfig(batch_size=128)
    ),
    augmentation=AugmentationConfig(
      max_shift=2.0, max_rotation=15.0, noise_stddev=0.1, input_dropout=0.1
    ),
    regress_augmentation=True,
  )


_NAMED: dict[str, Callable[[], TaskDistribution]] = {
  "quick": _quick,
  "small": _small,
  "compact": _compact,
  "metz2019": _metz2019,
}


def distribution_names() -> tuple[str, ...]:
  """Names of the task distributions, for `named_distribution`."""
  return tuple(_NAMED)


def named_distribution(name: str) -> TaskDistribution:
  """Returns a task distribution by name.

  Args:
    name: `"quick"`: rendered letters, the default. `"small"`: glyphs and
      photographs, 8 x 8, two networks. `"compact"`: glyphs, photographs and
      synthetic data, 8 x 8 to 14 x 14, small networks. `"metz2019"`: the tasks
      of the paper, as far as they are known.

  Returns:
    The distribution.

  Raises:
    ValueError: If the name is unknown; the message lists all names.
  """
  if name not in _NAMED:
    near = difflib.get_close_matches(name, _NAMED)
    raise ValueError(
      f"`name` must be one of {', '.join(_NAMED)}. Received: name={name!r}. "
      f"Near names: {', '.join(near) or 'none'}"
    )
  return _NAMED[name]()


def find_distribution(text: str) -> TaskDistribution:
  """Finds a task distribution by name, file or data set.

  Args:
    text: Name (see `named_distribution`), path of a JSON file, or name of a
      data set.

  Returns:
    The distribution. A data set, which need not exist yet, becomes the only
    source, with the bucket of `"quick"`.

  Raises:
    FileNotFoundError: If there is no such JSON file.
    ValueError: If the file is damaged.

  Example:

  >>> find_distribution("mnist").sources[0].name
  'mnist'
  """
  if text in _NAMED:
    return named_distribution(text)
  if os.path.splitext(text)[1].lower() == ".json":
    return TaskDistribution.load(os.path.expanduser(text))
  return TaskDistribution(sources=(DataSource(text),))
