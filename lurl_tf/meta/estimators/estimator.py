# SPDX-License-Identifier: Apache-2.0
"""What all gradient estimators have in common."""

import abc
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf.meta.inner.truncated_task import SlotClock, TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.metrics import UnrollMetrics

# Of the estimator's own choice: nested structures of tensors, each with a
# leading axis of tasks, so that slots can start anew one by one.
EstimatorState = Any


class Estimate(NamedTuple):
  """What an estimator returns.

  Attributes:
    gradients: `[t, n]`, of every slot's loss by the meta-parameters: one
      gradient per slot, so that each can be clipped by itself.
    state: the slots' next state.
    metrics: `UnrollMetrics`, each `[t]`.
  """

  gradients: tf.Tensor
  state: EstimatorState
  metrics: UnrollMetrics


class Estimator(abc.ABC):
  """Turns the scores of a truncation into a gradient; pure functions.

  A slot's estimate is its own whatever the other slots are, so that slots can
  be spread over several programs.
  """

  @abc.abstractmethod
  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> EstimatorState:
    """The state of slots that start anew.

    Args:
      task: how slots start.
      seed: `[2]` int32.
      slots: number of tasks `t`.

    Returns:
      Nested tensors, each with a leading axis of tasks.
    """

  @abc.abstractmethod
  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: EstimatorState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """Advances all slots by a truncation and estimates their gradients.

    Args:
      task: how slots unroll.
      parameters: `[n]`, what is meta-learned.
      state: of the slots; gradients stop there.
      clock: how far the slots are.
      data: stacks for the truncation.
      length: scalar int32, the inner steps to do.
      seeds: `[t, 2]` int32, of every slot's random perturbations.

    Returns:
      `Estimate`.
    """


def split_seeds(seed: tf.Tensor, slots: int) -> tf.Tensor:
  """A seed `[2]` for every slot, `[t, 2]`."""
  return tf.stack(
    [
      tf.random.fold_in(seed, tf.constant(slot), alg="philox")
      for slot in range(slots)
    ]
  )
