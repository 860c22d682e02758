# SPDX-License-Identifier: Apache-2.0
"""What one replica does in an outer step; a pure function of tensors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.unroll import UnrollMetrics
from lurl_tf.meta.outer.update import OuterState, learning_rate, outer_step
from lurl_tf.meta.slots.group import SlotGroup, Slots, Truncation
from lurl_tf.meta.train_config import MetaTrainConfig


class ReplicaState(NamedTuple):
  """All that a replica hands from one outer step to the next.

  Attributes:
    outer: `OuterState`, the same on every replica.
    slots: `Slots` of every bucket, the replica's own.
  """

  outer: OuterState
  slots: tuple[Slots, ...]


class StepMetrics(NamedTuple):
  """Numbers of one outer step over all replicas, scalars but for the last.

  Attributes:
    unroll: `UnrollMetrics`, means over the truncations with a usable slot; not
      a number without any.
    gradient_norm: of the averaged gradient, before clipping.
    skipped: task slots left out.
    learning_rate: of the step.
    rollbacks: how often the run went back so far.
    stop: how many replicas were told to stop.
    by_data_set: `[c, m + 1]`, the rows of `Advance.by_data_set` of all buckets,
      one below the other, summed over truncations and replicas.
  """

  unroll: UnrollMetrics
  gradient_norm: tf.Tensor
  skipped: tf.Tensor
  learning_rate: tf.Tensor
  rollbacks: tf.Tensor
  stop: tf.Tensor
  by_data_set: tf.Tensor


def meta_step(
  config: MetaTrainConfig,
  trained: np.ndarray,
  groups: Sequence[SlotGroup],
  indices: Sequence[int],
  state: ReplicaState,
  truncations: Sequence[Truncation],
  stop: tf.Tensor,
) -> tuple[ReplicaState, StepMetrics]:
  """One outer step on one replica, within `tf.distribute.Strategy.run`.

  All replicas reduce one vector, once, after the unrolls.

  Args:
    config: the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    groups: of all buckets.
    indices: of the bucket of each truncation.
    state: before the step.
    truncations: whose gradients make the step.
    stop: scalar, 1 if this replica is told to stop, else 0.

  Returns:
    The next state, and the metrics of all replicas.
  """
  slots = list(state.slots)
  parameters = state.outer.learned.parameters
  dtype = parameters.dtype
  rows = []
  for index, truncation in zip(indices, truncations, strict=True):
    advance = groups[index].compiled_step(parameters, slots[index], truncation)
    slots[index] = advance.slots
    kept = tf.cast(advance.usable > 0, dtype)
    # A truncation of which no slot is usable has zeros for a gradient and for
    # metrics.
    numbers = tf.stack([*advance.metrics, advance.usable, kept])
    by_data_set = _rows_of_bucket(groups, index, advance.by_data_set)
    rows.append(tf.concat([by_data_set, advance.gradient, numbers], axis=0))
  context = tf.distribute.get_replica_context()
  local = tf.concat(
    [tf.add_n(rows), [tf.cast(stop, dtype), tf.ones([], dtype)]], axis=0
  )
  # The reduced vector may have lost its shape.
  total = tf.ensure_shape(context.all_reduce("SUM", local), local.shape)
  by_data_set, gradient, numbers = tf.split(
    total, [by_data_set.shape[0], len(trained), -1]
  )
  *metrics, usable, kept, stop, replicas = tf.unstack(
    numbers, num=len(UnrollMetrics._fields) + 4
  )
  asked = replicas * config.slots * len(indices)
  result = outer_step(
    config,
    trained,
    state.outer,
    gradient / tf.maximum(kept, 1),
    usable / asked,
  )
  again = tf.cast(result.rolled_back, tf.int32)
  next_slots = tuple(
    each._replace(anew=tf.maximum(each.anew, again)) for each in slots
  )
  return ReplicaState(result.state, next_slots), StepMetrics(
    UnrollMetrics(*(metric / kept for metric in metrics)),
    result.gradient_norm,
    asked - usable,
    learning_rate(config, state.outer),
    result.state.rollbacks,
    stop,
    tf.reshape(by_data_set, [-1, len(UnrollMetrics._fields) + 1]),
  )


def _rows_of_bucket(
  groups: Sequence[SlotGroup], index: int, by_data_set: tf.Tensor
) -> tf.Tensor:
  """A bucket's rows, flat, among zeros for those of all others."""
  columns = by_data_set.shape[1]
  sizes = [columns * len(group.data_set_names) for group in groups]
  before, after = sum(sizes[:index]), sum(sizes[index + 1 :])
  return tf.pad(tf.reshape(by_data_set, [-1]), [[before, after]])
