# SPDX-License-Identifier: Apache-2.0
"""Loads a task distribution's data sets, and makes the buckets' samplers."""

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.class_split import split_classes
from lurl_tf.tasks.distributions.data_source import (
  SYNTHETIC,
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
  """Loads what a distribution has for one use, a sampler per bucket.

  Buckets whose images have the same form share them in memory.

  Args:
    distribution: what to load.
    use: of the sources to take.
    data_dir: where prepared sets of TFDS are; see `load_examples`.
    seed: of all draws.

  Returns:
    `TaskSampler`s in the order of the buckets.

  Raises:
    ValueError: if there is no source of this use, or a data set is missing,
      damaged, or does not have what the tasks need; names it.

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
  """One data set, or of a synthetic family one for every seed."""
  splits = [source.split]
  if source.name.startswith(SYNTHETIC):
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
