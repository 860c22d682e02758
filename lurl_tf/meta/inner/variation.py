# SPDX-License-Identifier: Apache-2.0
"""Augments the data of a truncation, on the device that uses them."""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.structures import Episode
from lurl_tf.tasks.augmentation.augment import (
  apply_task_variation,
  augment_examples,
  permute_inputs,
)
from lurl_tf.tasks.augmentation.config import AugmentationConfig


class TaskVariation(NamedTuple):
  """Random numbers of the augmentation of a truncation.

  Attributes:
    permutations: `[t, i]` int32, order of the inputs of every task.
    task_seeds: `[t, 2]` int32, constant while a slot keeps its task.
    example_seeds: `[t, 2]` int32, new in every truncation.
  """

  permutations: tf.Tensor
  task_seeds: tf.Tensor
  example_seeds: tf.Tensor


def vary_truncation(
  data: TruncationData,
  variation: TaskVariation,
  image_shape: tuple[int, ...],
  config: AugmentationConfig,
  regress_coefficients: bool,
) -> TruncationData:
  """Augments all examples, then permutes the inputs (Metz et al. 2019, 4.2).

  Args:
    data: `TruncationData` with inputs in the order of the pixels.
    variation: `TaskVariation`, the random numbers.
    image_shape: Shape of an input.
    config: `AugmentationConfig` with the strength of the augmentation.
    regress_coefficients: Whether the coefficients of an episode, such as
      angles, are extra regression targets of the meta-objective.

  Returns:
    `TruncationData` of the same shapes; extra targets are added.
  """
  has_targets = regress_coefficients and config.augments_examples
  seeds = tf.map_fn(
    lambda seed: tf.random.split(seed, num=3, alg="philox"),
    variation.example_seeds,
  )

  def vary(stack, index):
    """Varied inputs and coefficients of `[s, t, ...]` inputs."""
    order = [1, 0, *range(2, stack.shape.rank)]
    inputs, coefficients = augment_examples(
      tf.transpose(stack, order), image_shape, seeds[:, index], config
    )
    inputs = permute_inputs(inputs, variation.permutations)
    inputs = apply_task_variation(inputs, variation.task_seeds, config)
    targets = tf.transpose(coefficients, order) if has_targets else ()
    return tf.transpose(inputs, order), targets

  episodes = data.episodes
  support, support_extra = vary(episodes.support_inputs, 1)
  query, query_extra = vary(episodes.query_inputs, 2)
  return TruncationData(
    vary(data.batches, 0)[0],
    Episode(
      support,
      episodes.support_targets,
      query,
      episodes.query_targets,
      support_extra,
      query_extra,
    ),
  )
