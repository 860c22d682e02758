# SPDX-License-Identifier: Apache-2.0
"""The estimator that differentiates a truncation (Metz et al. 2019, 3.4)."""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.truncated_task import TruncatedTask
from lurl_tf.meta.unroll import (
  MetaParameters,
  SlotState,
  TruncationData,
  UnrollMetrics,
)


class Estimate(NamedTuple):
  """What an estimator returns.

  Attributes:
    gradients: of the slots' losses, `MetaParameters` with a leading axis of
      tasks: one gradient per slot, so that each can be clipped by itself.
    state: the slots' next inner states.
    metrics: `UnrollMetrics`, each `[t]`.
  """

  gradients: MetaParameters
  state: SlotState
  metrics: UnrollMetrics


def truncated_backpropagation(
  task: TruncatedTask,
  parameters: MetaParameters,
  state: SlotState,
  data: TruncationData,
  length: tf.Tensor,
) -> Estimate:
  """Gradients of every slot's mean loss over one truncation.

  Args:
    task: how slots unroll.
    parameters: what is meta-learned, without an axis of tasks.
    state: the slots' inner states; gradients stop there.
    data: stacks for the truncation.
    length: scalar int32, the steps to do.

  Returns:
    `Estimate`.
  """
  slots = state.age.shape[0]
  # Every slot gets a copy of theta, and so a gradient of its own.
  copies = tf.nest.map_structure(
    lambda value: tf.tile(value[tf.newaxis], [slots, *[1] * value.shape.rank]),
    parameters,
  )
  flat = tf.nest.flatten(copies)
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(flat)
    next_state, metrics = task.unroll(copies, state, data, length)
    loss = tf.reduce_sum(metrics.loss)
  gradients = tape.gradient(
    loss, flat, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  return Estimate(
    tf.nest.pack_sequence_as(parameters, gradients), next_state, metrics
  )
