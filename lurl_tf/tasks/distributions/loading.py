# SPDX-License-Identifier: Apache-2.0
"""Loads the data sets of a task distribution, and makes its samplers."""

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.class_split import split_classes
from lurl_tf.tasks.distributions.data_source import (
  DataSource,
  DataUse,
  seed_range,
)
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution
from lurl_tf.tasks.episodes import TaskSampler, WeightedDataSet
from lurl_tf.tasks.sources.load import load_examples


def load_samplers(
  distribution: TaskDistribution,
  use: DataUse = "meta_train",
  data_dir: str | None = None,
  seed: int = 0,
) -> tuple[TaskSampler, ...]:
  """Loads the sources of one use, and makes a sampler per bucket.

  Buckets with images of the same format share them in memory.

  Args:
    distribution: Task distribution to load.
    use: Use of the sources to load.
    data_dir: Folder of prepared TFDS sets; see `load_examples`.
    seed: Integer seed of all draws.

  Returns:
    A `TaskSampler` per bucket, in the order of the buckets.

  Raises:
    ValueError: If there is no source of this use, or a data set is missing,
      damaged, or too small for the tasks; the message names it.

  Example:

  ```python
  tasks = lurl_tf.tasks.named_distribution("compact")
  samplers = lurl_tf.tasks.load_samplers(tasks, data_dir="data", seed=1)
  ```
  """
  sources = distribution.sources_for(use)
  if not sources:
    raise ValueError(
      f"The task distribution must have sources of use {use!r}. "
      f"Received: sources={distribution.sources}"
    )
  loaded: dict[tuple, LabelledExamples] = {}
  samplers = []
  for bucket in distribution.buckets:
    data_sets = []
    for source in sources:
      data_sets += _data_sets(
        source, bucket, data_dir, distribution.held_out_share, loaded
      )
    samplers.append(TaskSampler(data_sets, bucket.episodes, seed, use))
  return tuple(samplers)


def _data_sets(
  source: DataSource,
  bucket: Bucket,
  data_dir: str | None,
  held_out_share: float,
  loaded: dict[tuple, LabelledExamples],
) -> list[WeightedDataSet]:
  """Loads a data set, or one per seed of a synthetic family."""
  splits = [source.split]
  if source.is_synthetic:
    splits = [str(seed) for seed in seed_range(source)]
  image_format = (bucket.image_size, bucket.channels, bucket.resize)
  data_sets = []
  for split in splits:
    key = (source.name, split, *image_format)
    if key not in loaded:
      loaded[key] = load_examples(source.name, split, data_dir, *image_format)
    classes = split_classes(
      loaded[key].class_names, held_out_share, source.classes
    )
    data_sets.append(
      WeightedDataSet(
        source.label,
        loaded[key],
        source.weight / len(splits),
        classes,
      )
    )
  return data_sets
