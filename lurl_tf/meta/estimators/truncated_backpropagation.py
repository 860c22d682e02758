# SPDX-License-Identifier: Apache-2.0
"""Backpropagation through a truncation (Metz et al. 2019, section 3.4)."""

import tensorflow as tf

from lurl_tf.meta.estimators.estimator import Estimate, Estimator
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class TruncatedBackpropagation(Estimator):
  """Gradient of the mean loss of a truncation; it stops at the start.

  The estimate ignores the influence of meta-parameters through earlier
  truncations. It is biased, but cheap.
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
    """See `Estimator.estimate`; the seeds are not used."""
    slots = clock.age.shape[0]
    # Every slot has a copy, so that it gets a gradient of its own.
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
  """`TruncatedBackpropagation` where a truncation is a whole inner training.

  The gradient is complete. `MetaTrainConfig` requires truncations as long as
  the horizon. Time and memory grow with the horizon; with
  `UnrollConfig.recompute="always"` memory grows only by the inner weights of
  each step.
  """
