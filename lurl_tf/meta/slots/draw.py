# SPDX-License-Identifier: Apache-2.0
"""Draws the data of one truncation, for all task slots."""

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.inner.variation import TaskVariation
from lurl_tf.random_numbers import Stream
from lurl_tf.tasks.episodes import TaskSampler


def draw_truncation(
  sampler: TaskSampler,
  config: UnrollConfig,
  dtype: str,
  generations: np.ndarray,
  truncation: int,
  first_slot: int = 0,
) -> tuple[TruncationData, TaskVariation]:
  """Draws the data of a truncation of maximum length.

  Args:
    sampler: `TaskSampler` of the bucket.
    config: `UnrollConfig` with the maximum number of steps.
    dtype: Float type of the data.
    generations: `[t]`, number of starts of each slot; determines its task.
    truncation: Number of truncations before; determines the draw.
    first_slot: Number of the first slot; numbers are unique over all buckets.

  Returns:
    `TruncationData` with inputs in the order of the pixels, and the
    `TaskVariation` of these inputs.
  """
  scored = config.max_steps // config.evaluate_every
  batches, episodes, variation = [], [], []
  for slot, generation in enumerate(map(int, generations), start=first_slot):
    task = sampler.task(slot, generation)
    batches.append(sampler.batches(task, config.max_steps, slot, truncation))
    episodes.append(sampler.episodes(task, scored, slot, truncation))
    variation.append(
      TaskVariation(
        task.permutation.astype(np.int32),
        sampler.device_seed(Stream.SLOT, slot, generation),
        sampler.device_seed(Stream.TRUNCATION, slot, truncation),
      )
    )

  def stack(*arrays):
    return tf.constant(np.stack(arrays, axis=1), dtype)

  return (
    TruncationData(stack(*batches), tf.nest.map_structure(stack, *episodes)),
    TaskVariation(*(tf.constant(np.stack(rows)) for rows in zip(*variation))),
  )
