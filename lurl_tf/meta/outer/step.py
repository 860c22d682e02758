# SPDX-License-Identifier: Apache-2.0
"""What one replica does in an outer step; a pure function of tensors."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.metrics import UnrollMetrics
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


ReplicaSteps = Callable[
  [ReplicaState, tuple[Truncation, ...], tf.Tensor],
  tuple[ReplicaState, tf.Tensor],
]


def make_replica_steps(
  config: MetaTrainConfig,
  trained: np.ndarray,
  groups: Sequence[SlotGroup],
  first_bucket: int,
  in_a_loop: bool,
) -> ReplicaSteps:
  """What each replica runs within `tf.distribute.Strategy.run`.

  Args:
    config: the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    groups: of all buckets, which take turns.
    first_bucket: index of the bucket that begins.
    in_a_loop: whether steps are a loop on the device, whose program is as long
      as one turn of all buckets, where their number allows. Not every strategy
      can reduce within a loop.

  Returns:
    A pure function of a `ReplicaState`, a tuple of `Truncation`s, and a number
    that is 1 to ask all replicas to stop; to the next `ReplicaState` and
    `[steps, m]`, the flat `StepMetrics` of each step.
  """
  accumulate = config.accumulate
  # After so many truncations the same buckets have their turn again.
  period = math.lcm(accumulate, len(groups))

  def one_by_one(state, truncations, stop):
    rows = []
    for first in range(0, len(truncations), accumulate):
      turns = range(first, first + accumulate)
      state, metrics = meta_step(
        config,
        trained,
        groups,
        [(first_bucket + turn) % len(groups) for turn in turns],
        state,
        [truncations[turn] for turn in turns],
        stop,
      )
      dtype = state.outer.learned.parameters.dtype
      rows.append(
        tf.concat(
          [
            tf.reshape(tf.cast(each, dtype), [-1])
            for each in tf.nest.flatten(metrics)
          ],
          axis=0,
        )
      )
    return state, tf.stack(rows)

  def in_periods(state, truncations, stop):
    count = len(truncations) // period
    stacks = tuple(
      tf.nest.map_structure(
        lambda *each: tf.stack(each), *truncations[turn::period]
      )
      for turn in range(period)
    )

    def body(index, state, rows):
      own = tf.nest.map_structure(lambda stack: stack[index], stacks)
      state, numbers = one_by_one(state, own, stop)
      return index + 1, state, rows.write(index, numbers)

    rows = tf.TensorArray(state.outer.learned.parameters.dtype, size=count)
    _, state, rows = tf.while_loop(
      lambda index, *_: index < count,
      body,
      (tf.constant(0), state, rows),
      maximum_iterations=count,
    )
    numbers = rows.stack()
    return state, tf.reshape(numbers, [-1, numbers.shape[-1]])

  def steps(state, truncations, stop):
    repeats = len(truncations) > period and len(truncations) % period == 0
    run = in_periods if in_a_loop and repeats else one_by_one
    return run(state, truncations, stop)

  return steps
