# SPDX-License-Identifier: Apache-2.0
"""Interface of gradient estimators."""

import abc
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.metrics import UnrollMetrics

# Every estimator chooses its own nested structure of tensors. Each tensor has a
# leading axis of tasks, so that single slots can restart.
EstimatorState = Any


class Estimate(NamedTuple):
  """Result of an estimator.

  Attributes:
    gradients: `[t, n]`, gradient of every slot's loss with respect to the
      meta-parameters. The trainer clips each, then averages them.
    state: The next state of the slots.
    metrics: `UnrollMetrics`, each `[t]`.
  """

  gradients: tf.Tensor
  state: EstimatorState
  metrics: UnrollMetrics


class Estimator(abc.ABC):
  """Turns the losses of a truncation into a gradient; pure functions.

  The estimate of a slot must not depend on the other slots, because slots are
  spread over several programs.

  To try an estimator, pass an object to `MetaTrainer(..., estimator=)`. To
  add one that commands and configurations can name, write one file and add an
  entry to `ESTIMATORS` in `lurl_tf/meta/estimators/get.py`.

  Example:

  >>> from lurl_tf import meta
  >>> class Backpropagation(meta.estimators.Estimator):
  ...   def init(self, task, seed, slots):
  ...     return task.init(seed, slots)
  ...   def estimate(self, task, parameters, state, clock, data, length, seeds):
  ...     copies = tf.tile(parameters[tf.newaxis], [seeds.shape[0], 1])
  ...     with tf.GradientTape() as tape:
  ...       tape.watch(copies)
  ...       state, metrics = task.unroll(copies, state, clock, data, length)
  ...     gradients = tape.gradient(
  ...       metrics.loss, copies, unconnected_gradients="zero"
  ...     )
  ...     return meta.estimators.Estimate(gradients, state, metrics)
  >>> config = meta.MetaTrainConfig(
  ...   lurl_tf.RuleConfig(8, 4, 4, mixing="pooled"), slots=1
  ... )
  >>> trainer = meta.MetaTrainer(
  ...   lurl_tf.UpdateRule(config.rule),
  ...   lurl_tf.tasks.load_samplers(config.tasks),
  ...   config,
  ...   estimator=Backpropagation(),
  ... )
  """

  @abc.abstractmethod
  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> EstimatorState:
    """The state of slots that start or restart.

    Args:
      task: `TruncatedTask`; its `init` makes fresh inner states.
      seed: `[2]` int32.
      slots: Number of tasks `t`.

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
      task: `TruncatedTask`; its `unroll` advances inner states and returns
        their losses.
      parameters: `[n]`, meta-parameters.
      state: State of the slots; gradients stop there.
      clock: `SlotClock` at the start.
      data: `TruncationData` of the slots.
      length: Scalar int32, inner steps to do.
      seeds: `[t, 2]` int32, seeds of each slot's random perturbations.

    Returns:
      `Estimate`.
    """


def split_seeds(seed: tf.Tensor, slots: int) -> tf.Tensor:
  """Derives a seed for every slot.

  Args:
    seed: `[2]` int32.
    slots: Number of slots `t`.

  Returns:
    `[t, 2]` int32.
  """
  return tf.stack(
    [
      tf.random.fold_in(seed, tf.constant(slot), alg="philox")
      for slot in range(slots)
    ]
  )
