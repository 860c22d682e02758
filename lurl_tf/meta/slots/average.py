# SPDX-License-Identifier: Apache-2.0
"""Averages over task slots: their gradients, and their metrics."""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.metrics import DataSetSums, UnrollMetrics


class AveragedGradient(NamedTuple):
  """Gradient averaged over task slots.

  Attributes:
    gradient: `[n]`.
    norms: `[t]`, norms before clipping; not finite for skipped slots.
    usable: `[t]` bool, the slots that were not skipped.
  """

  gradient: tf.Tensor
  norms: tf.Tensor
  usable: tf.Tensor


class AveragedMetrics(NamedTuple):
  """Metrics averaged over usable task slots.

  Attributes:
    means: `UnrollMetrics` of scalars; zeros if no slot is usable.
    by_data_set: `DataSetSums`.
  """

  means: UnrollMetrics
  by_data_set: DataSetSums


def average_slots(
  gradients: tf.Tensor, losses: tf.Tensor, clip_norm: float
) -> AveragedGradient:
  """Skips, clips and averages the gradients of task slots.

      gradient = mean over usable slots of g[t] * min(1, clip_norm / |g[t]|)

  A slot is usable if its loss and its gradient are finite. Clipping each slot
  keeps one exploding slot from outweighing the others.

  Args:
    gradients: `[t, n]`.
    losses: `[t]`.
    clip_norm: Largest norm of a slot's gradient.

  Returns:
    `AveragedGradient`; zeros if no slot is usable.
  """
  norms = tf.norm(gradients, axis=1)
  usable = tf.math.is_finite(norms) & tf.math.is_finite(losses)
  count = tf.reduce_sum(tf.cast(usable, norms.dtype))
  scale = clip_norm / tf.maximum(norms, clip_norm) / tf.maximum(count, 1.0)
  # `where`, not a product: zero times infinity is not a number.
  scaled = tf.where(
    usable[:, tf.newaxis],
    gradients * scale[:, tf.newaxis],
    tf.zeros_like(gradients),
  )
  return AveragedGradient(tf.reduce_sum(scaled, axis=0), norms, usable)


def average_metrics(
  metrics: UnrollMetrics,
  usable: tf.Tensor,
  data_sets: tf.Tensor,
  num_data_sets: int,
) -> AveragedMetrics:
  """Averages the metrics of usable task slots.

  Args:
    metrics: `UnrollMetrics`, each `[t]`.
    usable: `[t]` bool.
    data_sets: `[t]` int32, index of the data set of each slot.
    num_data_sets: Number of data sets.

  Returns:
    `AveragedMetrics`.
  """
  ones = tf.cast(usable, metrics.loss.dtype)
  count = tf.maximum(tf.reduce_sum(ones), 1)
  kept = UnrollMetrics(
    *(tf.where(usable, each, tf.zeros_like(each)) for each in metrics)
  )
  # `where`, not a product: zero times infinity is not a number, and TPUs would
  # round a matrix product.
  is_own = tf.equal(data_sets[:, tf.newaxis], range(num_data_sets))

  def sum_by_data_set(values):
    values = tf.broadcast_to(values[:, tf.newaxis], is_own.shape)
    return tf.reduce_sum(
      tf.where(is_own, values, tf.zeros_like(values)), axis=0
    )

  return AveragedMetrics(
    UnrollMetrics(*(tf.reduce_sum(each) / count for each in kept)),
    tf.nest.map_structure(sum_by_data_set, DataSetSums(kept, ones)),
  )
