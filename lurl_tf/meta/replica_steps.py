# SPDX-License-Identifier: Apache-2.0
"""Several outer steps on one replica, as one function of tensors."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta.outer.step import ReplicaState, meta_step
from lurl_tf.meta.slots.group import SlotGroup, Truncation
from lurl_tf.meta.train_config import MetaTrainConfig

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
