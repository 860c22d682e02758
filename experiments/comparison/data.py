# SPDX-License-Identifier: Apache-2.0
"""Subsets of examples, and tasks that baselines learn from."""

import dataclasses
from typing import NamedTuple

import numpy as np

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import (
  Bucket,
  DataUse,
  EpisodeConfig,
  TaskSampler,
  find_distribution,
  load_samplers,
)


class Tasks(NamedTuple):
  """Samplers of tasks from other data sets.

  Attributes:
    meta_train: Sampler of labelled tasks for a `TaskBaseline`.
    meta_validation: Sampler of held-out tasks on which options are chosen.
  """

  meta_train: TaskSampler
  meta_validation: TaskSampler


def subset(
  examples: LabelledExamples, count: int, seed: int
) -> LabelledExamples:
  """Draws a random subset of the examples of a split.

  Args:
    examples: The split.
    count: Number of examples.
    seed: Integer seed of the draw.

  Returns:
    The subset, in the order of the split.

  Raises:
    ValueError: If the split has fewer examples.
  """
  if count > len(examples.labels):
    raise ValueError(
      f"The training split has {len(examples.labels)} examples. "
      f"Received: --train_examples={count}"
    )
  rng = np.random.default_rng(seed)
  return examples.take(np.sort(rng.permutation(len(examples.labels))[:count]))


def load_tasks(
  name: str,
  image_shape: tuple[int, ...],
  units: tuple[int, ...],
  data_dir: str | None,
  seed: int,
) -> Tasks:
  """Loads the tasks of a distribution at the input shape of a data set.

  Args:
    name: Name of the distribution, see `find_distribution`.
    image_shape: Shape of the inputs of the data set.
    units: Units of the base network's layers.
    data_dir: Folder of prepared data sets.
    seed: Integer seed of the tasks.

  Returns:
    `Tasks`.

  Raises:
    OSError: If a file cannot be read.
    ValueError: If the inputs are not gray, square images, or the distribution
      lacks tasks of one use.
  """
  return Tasks(
    *(
      load_sampler(name, use, image_shape, units, data_dir, seed)
      for use in ("meta_train", "meta_validation")
    )
  )


def load_sampler(
  name: str,
  use: DataUse,
  image_shape: tuple[int, ...],
  units: tuple[int, ...],
  data_dir: str | None,
  seed: int,
) -> TaskSampler:
  """Loads the tasks of one use at the input shape of a data set.

  Args:
    name: Name of the distribution, see `find_distribution`.
    use: Use of the sources, such as `"meta_train"`.
    image_shape: Shape of the inputs of the data set.
    units: Units of the base network's layers.
    data_dir: Folder of prepared data sets.
    seed: Integer seed of the tasks.

  Returns:
    Sampler of the tasks.

  Raises:
    OSError: If a file cannot be read.
    ValueError: If the inputs are not gray, square images, or the distribution
      has no tasks of this use.
  """
  if len(image_shape) != 3 or image_shape[0] != image_shape[1]:
    raise ValueError(
      "Methods that learn from other tasks, or are tuned on them, need square "
      "images. "
      f"Received: inputs of shape {image_shape}"
    )
  distribution = dataclasses.replace(
    find_distribution(name),
    buckets=(
      Bucket(units, image_size=image_shape[0], episodes=EpisodeConfig(draws=4)),
    ),
  )
  (sampler,) = load_samplers(distribution, use, data_dir, seed)
  if sampler.image_shape != image_shape:
    raise ValueError(
      f"Tasks of {name!r} must have inputs of shape {image_shape}. "
      f"Received: {sampler.image_shape}"
    )
  return sampler
