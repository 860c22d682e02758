# SPDX-License-Identifier: Apache-2.0
"""The outer step: everything that happens to theta between two values of it.

  theta = state.outer.learned.parameters                  [n], one vector
  g[t]  = gradient of task slot t after one truncation    `SlotGroup.advance`
  g     = mean over usable slots of clip(g[t])            `average_slots`
  g     = mean over replicas                              `outer_step`, here
  theta = Adam(theta, clip(g)), or a rollback             `outer_update`

One bucket of tasks has its turn in each outer step. The functions are pure and
run on one replica, within `tf.distribute.Strategy.run`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.metrics import (
  DataSetSums,
  StepMetrics,
  UnrollMetrics,
  pack,
  unpack,
)
from lurl_tf.meta.outer.update import OuterState, learning_rate, outer_update
from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.structures import Slots, Truncation
from lurl_tf.meta.train_config import MetaTrainConfig


class ReplicaState(NamedTuple):
  """State that a replica carries from one outer step to the next.

  Attributes:
    outer: `OuterState`, equal on every replica.
    slots: `Slots` of every bucket, the replica's own.
  """

  outer: OuterState
  slots: tuple[Slots, ...]


class ReplicaSums(NamedTuple):
  """Contribution of a replica to an outer step; replicas add them up.

  Attributes:
    gradient: `[n]`, averaged over the replica's usable slots; zeros if there
      are none.
    metrics: `UnrollMetrics` of scalars, averaged likewise.
    usable: Scalar, number of usable slots.
    contributes: Scalar, 1 if a slot is usable, else 0.
    stop: Scalar, 1 if the replica was asked to stop, else 0.
    replicas: Scalar, 1.
    by_data_set: `DataSetSums` of the data sets of all buckets in order.
  """

  gradient: tf.Tensor
  metrics: UnrollMetrics
  usable: tf.Tensor
  contributes: tf.Tensor
  stop: tf.Tensor
  replicas: tf.Tensor
  by_data_set: DataSetSums


def outer_step(
  config: MetaTrainConfig,
  trained: np.ndarray,
  groups: Sequence[SlotGroup],
  bucket: int,
  state: ReplicaState,
  truncation: Truncation,
  stop: tf.Tensor,
) -> tuple[ReplicaState, StepMetrics]:
  """One outer step on one replica.

  Args:
    config: Configuration of the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    groups: `SlotGroup` of every bucket.
    bucket: Index of the bucket whose turn it is.
    state: `ReplicaState` before the step.
    truncation: `Truncation` of the bucket's slots.
    stop: Scalar, 1 if this replica is asked to stop, else 0.

  Returns:
    The next `ReplicaState`, and the `StepMetrics` of all replicas.
  """
  theta = state.outer.learned.parameters
  dtype = theta.dtype

  # Every slot advances by a truncation and estimates a gradient of its own.
  advance = groups[bucket].advance(theta, state.slots[bucket], truncation)

  # All replicas reduce one vector, once.
  own = ReplicaSums(
    gradient=advance.gradient,
    metrics=advance.metrics,
    usable=advance.usable,
    contributes=tf.cast(advance.usable > 0, dtype),
    stop=tf.cast(stop, dtype),
    replicas=tf.ones([], dtype),
    by_data_set=_among_all_buckets(groups, bucket, advance.by_data_set),
  )
  packed = pack(own, dtype)
  reduced = tf.distribute.get_replica_context().all_reduce("SUM", packed)
  # The reduced vector may have lost its shape.
  total = unpack(tf.ensure_shape(reduced, packed.shape), like=own)

  # Theta takes a step of Adam, or goes back to remembered values.
  asked = total.replicas * config.slots
  update = outer_update(
    config,
    trained,
    state.outer,
    gradient=total.gradient / tf.maximum(total.contributes, 1),
    usable_share=total.usable / asked,
  )

  # After a rollback all slots restart.
  slots = list(state.slots)
  slots[bucket] = advance.slots
  rolled_back = tf.cast(update.rolled_back, tf.int32)
  next_slots = tuple(
    each._replace(restart=tf.maximum(each.restart, rolled_back))
    for each in slots
  )
  return ReplicaState(update.state, next_slots), StepMetrics(
    unroll=UnrollMetrics(
      *(metric / total.contributes for metric in total.metrics)
    ),
    gradient_norm=update.gradient_norm,
    skipped=asked - total.usable,
    learning_rate=learning_rate(config, state.outer),
    rollbacks=update.state.rollbacks,
    stop=total.stop,
    by_data_set=total.by_data_set,
  )


def outer_steps(
  config: MetaTrainConfig,
  trained: np.ndarray,
  groups: Sequence[SlotGroup],
  first_bucket: int,
  in_a_loop: bool,
  state: ReplicaState,
  truncations: Sequence[Truncation],
  stop: tf.Tensor,
) -> tuple[ReplicaState, tf.Tensor]:
  """Several outer steps on one replica; the buckets take turns.

  Args:
    config: Configuration of the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    groups: `SlotGroup` of every bucket.
    first_bucket: Index of the bucket that has the first turn.
    in_a_loop: Whether steps are a loop on the device, whose program has the
      length of one turn of all buckets. It needs a number of steps that is a
      multiple of the number of buckets, and a strategy that can reduce within
      a loop.
    state: `ReplicaState` before the steps.
    truncations: `Truncation` of each step.
    stop: Scalar, 1 if this replica is asked to stop, else 0.

  Returns:
    The next `ReplicaState`, and `[steps, m]`, the packed `StepMetrics`.
  """
  dtype = state.outer.learned.parameters.dtype

  def one_by_one(state, truncations):
    rows = []
    for turn, truncation in enumerate(truncations, first_bucket):
      bucket = turn % len(groups)
      state, metrics = outer_step(
        config, trained, groups, bucket, state, truncation, stop
      )
      rows.append(pack(metrics, dtype))
    return state, tf.stack(rows)

  period = len(groups)
  count, rest = divmod(len(truncations), period)
  if not in_a_loop or rest or count == 1:
    return one_by_one(state, truncations)

  stacks = tuple(
    tf.nest.map_structure(
      lambda *each: tf.stack(each), *truncations[turn::period]
    )
    for turn in range(period)
  )

  def body(index, state, rows):
    own = tf.nest.map_structure(lambda stack: stack[index], stacks)
    state, packed = one_by_one(state, own)
    return index + 1, state, rows.write(index, packed)

  _, state, rows = tf.while_loop(
    lambda index, *_: index < count,
    body,
    (tf.constant(0), state, tf.TensorArray(dtype, size=count)),
    maximum_iterations=count,
  )
  packed = rows.stack()
  return state, tf.reshape(packed, [-1, packed.shape[-1]])


def _among_all_buckets(
  groups: Sequence[SlotGroup], bucket: int, sums: DataSetSums
) -> DataSetSums:
  """The sums of one bucket, among zeros for the data sets of all others."""
  sizes = [len(group.data_set_names) for group in groups]
  padding = [[sum(sizes[:bucket]), sum(sizes[bucket + 1 :])]]
  return tf.nest.map_structure(lambda each: tf.pad(each, padding), sums)
