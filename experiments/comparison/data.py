# SPDX-License-Identifier: Apache-2.0
"""Examples that baselines are compared on, and tasks that some learn from."""

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
  """What baselines learn from, or are chosen by, that is not the data set.

  Attributes:
    meta_train: labelled tasks for `TaskBaseline`.
    meta_validation: held-out tasks, to choose options and epochs by.
  """

  meta_train: TaskSampler
  meta_validation: TaskSampler


def subset(
  examples: LabelledExamples, count: int, seed: int
) -> LabelledExamples:
  """Some of a split's examples, drawn at random.

  Args:
    examples: the split.
    count: how many.
    seed: of the draw.

  Returns:
    The split with fewer examples, in their old order.

  Raises:
    ValueError: if there are not as many.
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
  """Tasks of a distribution whose inputs have the shape of a data set's.

  Args:
    name: of the distribution, see `find_distribution`.
    image_shape: of the data set's inputs.
    units: of the base network.
    data_dir: of prepared data sets.
    seed: of the tasks.

  Returns:
    `Tasks`.

  Raises:
    OSError: if a file cannot be read.
    ValueError: if the inputs are no gray, square images, or there are no tasks
      of both uses.
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
  """Tasks of one use whose inputs have the shape of a data set's.

  Args:
    name: of the distribution, see `find_distribution`.
    use: of its sources to take.
    image_shape: of the data set's inputs.
    units: of the base network.
    data_dir: of prepared data sets.
    seed: of the tasks.

  Returns:
    Their sampler.

  Raises:
    OSError: if a file cannot be read.
    ValueError: if the inputs are no gray, square images, or there are no tasks
      of this use.
  """
  if len(image_shape) != 3 or image_shape[0] != image_shape[1]:
    raise ValueError(
      "Methods that learn from other tasks, or are chosen by them, need "
      "square images; leave them out. "
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
