# SPDX-License-Identifier: Apache-2.0
"""Estimators that differentiate a truncation (Metz et al. 2019, 3.4)."""

import tensorflow as tf

from lurl_tf.meta.estimators.estimator import Estimate, Estimator
from lurl_tf.meta.inner.truncated_task import (
  InnerState,
  SlotClock,
  TruncatedTask,
)
from lurl_tf.meta.inner.unroll import TruncationData


class TruncatedBackpropagation(Estimator):
  """The gradient of a truncation's mean loss; it stops where that starts.

  What a meta-parameter did to the inner weights in earlier truncations is left
  out: the estimate is biased, and cheap.
  """

  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> InnerState:
    """See `Estimator.init`."""
    return task.init(seed, slots)

  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: InnerState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """See `Estimator.estimate`; nothing is random."""
    slots = clock.age.shape[0]
    # Every slot gets a copy, and so a gradient of its own.
    copies = tf.tile(parameters[tf.newaxis], [slots, 1])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(copies)
      next_state, metrics = task.unroll(copies, state, clock, data, length)
      loss = tf.reduce_sum(metrics.loss)
    gradients = tape.gradient(
      loss, copies, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return Estimate(gradients, next_state, metrics)


class FullBackpropagation(TruncatedBackpropagation):
  """The same where every truncation is a whole inner training.

  Nothing is left out; `MetaTrainConfig` holds that truncations are as long as
  the horizon. Time grows with the horizon, and so does memory: where steps are
  computed anew (`UnrollConfig.recompute="always"`) by the inner weights of each
  step only.
  """
