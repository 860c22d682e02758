# SPDX-License-Identifier: Apache-2.0
"""The task slots of one bucket: their states, data and compiled step."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.drawing import draw_truncation
from lurl_tf.meta.slot_gradients import average_slots
from lurl_tf.meta.slot_optimizer import SlotOptimizer
from lurl_tf.meta.slots import (
  SlotBook,
  TruncationPlan,
  new_book,
  plan_truncation,
)
from lurl_tf.meta.task_variation import TaskVariation, vary_truncation
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.truncated_backpropagation import truncated_backpropagation
from lurl_tf.meta.truncated_task import TruncatedTask
from lurl_tf.meta.unroll import (
  MetaParameters,
  SlotState,
  TruncationData,
  UnrollMetrics,
)
from lurl_tf.structures import LayerWeights
from lurl_tf.tasks.episodes import TaskSampler
from lurl_tf.tasks.rotate_and_shift import check_image_shape


class DrawnTruncation(NamedTuple):
  """A truncation that is ready for the device.

  Attributes:
    plan: which slots start anew, and how long it is.
    data: inputs in the order of the pixels.
    variation: what they are to be varied by.
  """

  plan: TruncationPlan
  data: TruncationData
  variation: TaskVariation


class StepResult(NamedTuple):
  """What the replica step returns.

  Attributes:
    gradients: of theta and the log rates, averaged over slots; a flat list.
    weights: the slots' next inner weights.
    optimizer_state: what the slots' inner optimizers keep, or `()`.
    metrics: `UnrollMetrics`, means over the usable slots.
    usable: number of slots that count.
  """

  gradients: list[tf.Tensor]
  weights: tuple[LayerWeights, ...]
  optimizer_state: SlotOptimizer | tuple[()]
  metrics: UnrollMetrics
  usable: tf.Tensor


class SlotGroup:
  """The task slots of one bucket.

  Args:
    config: the run.
    index: of the bucket in `config.tasks.buckets`.
    sampler: draws the bucket's tasks and their examples.
    jit_compile: whether XLA compiles the replica step.

  Raises:
    ValueError: if inputs that are no images are to be rotated or shifted.
  """

  def __init__(
    self,
    config: MetaTrainConfig,
    index: int,
    sampler: TaskSampler,
    jit_compile: bool = True,
  ):
    if config.tasks.augmentation.moves_pixels:
      check_image_shape(sampler.input_size, sampler.image_shape)
    self.config, self._sampler = config, sampler
    self.bucket = config.tasks.buckets[index]
    self._first_slot = index * config.slots
    self.task = TruncatedTask(
      config.rule,
      config.unroll,
      sampler.input_size,
      self.bucket.units,
      self.bucket.activation,
      config.inner_optimizer,
    )
    fresh = self.task.init(tf.constant([config.seed, 0]), config.slots)
    self.weights, self.optimizer_state = tf.nest.map_structure(
      lambda value: tf.Variable(tf.zeros_like(value)),
      (fresh, self.task.init_optimizer(fresh)),
    )
    self.book = tf.Variable(np.stack(new_book(config.slots)))
    self.checkpoint = tf.train.Checkpoint(
      slot_weights=tf.nest.flatten(self.weights), book=self.book
    )
    if self.optimizer_state:
      self.checkpoint.slot_optimizers = tf.nest.flatten(self.optimizer_state)
    self.compiled_step = tf.function(
      self.replica_step, jit_compile=jit_compile, autograph=False
    )

  @property
  def trace_count(self) -> int:
    """How often the replica step was traced."""
    return self.compiled_step.experimental_get_tracing_count()

  def draw(self, truncation: int, book: np.ndarray) -> DrawnTruncation:
    """Plans a truncation and draws its data; a function of its arguments.

    Args:
      truncation: how many the run had before, over all buckets.
      book: `[3, t]`, where the slots stand; the arrays of a `SlotBook`.

    Returns:
      `DrawnTruncation`.
    """
    config = self.config
    plan = plan_truncation(
      SlotBook(*book),
      (config.min_truncation, config.unroll.max_steps),
      (config.min_horizon, config.max_horizon),
      config.unroll.evaluate_every,
      config.seed,
      truncation,
    )
    data, variation = draw_truncation(
      self._sampler,
      config.unroll,
      config.rule.dtype,
      plan.before.generation,
      truncation,
      self._first_slot,
    )
    return DrawnTruncation(plan, data, variation)

  def arguments(self, truncation: int, drawn: DrawnTruncation) -> tuple:
    """Arguments of the replica step after the meta-parameters.

    Args:
      truncation: as it was drawn for.
      drawn: the truncation.
    """
    plan = drawn.plan
    state = SlotState(
      tf.nest.map_structure(tf.convert_to_tensor, self.weights),
      tf.constant(plan.before.age),
      tf.constant(plan.before.horizon),
      tf.nest.map_structure(tf.convert_to_tensor, self.optimizer_state),
    )
    return (
      state,
      tf.constant(plan.reset),
      tf.constant([self.config.seed, truncation + 1], tf.int32),
      drawn.data,
      tf.constant(plan.length),
      drawn.variation,
    )

  def keep(self, result: StepResult) -> None:
    """Makes a step's inner states those that the next step starts from."""
    tf.nest.map_structure(
      lambda variable, value: variable.assign(value),
      (self.weights, self.optimizer_state),
      (result.weights, result.optimizer_state),
    )

  def replica_step(
    self,
    parameters: MetaParameters,
    state: SlotState,
    reset: tf.Tensor,
    seed: tf.Tensor,
    data: TruncationData,
    length: tf.Tensor,
    variation: TaskVariation,
  ) -> StepResult:
    """One truncation of one replica's slots; a pure function.

    Args:
      parameters: what is meta-learned.
      state: the slots' inner states; weights and optimizer state of slots to
        reset are ignored.
      reset: `[t]` bool, slots that start from fresh weights.
      seed: `[2]` int32, of fresh weights.
      data: stacks for the truncation, inputs in the order of the pixels.
      length: scalar int32, inner steps to do.
      variation: the slots' permutations, and seeds of augmentation.

    Returns:
      `StepResult`.
    """
    data = vary_truncation(
      data,
      variation,
      self._sampler.image_shape,
      self.config.tasks.augmentation,
      self.config.tasks.regress_augmentation,
    )
    fresh = self.task.init(seed, self.config.slots)
    fresh_optimizer = self.task.init_optimizer(fresh)
    state = state._replace(
      weights=_choose(reset, fresh, state.weights),
      optimizer_state=_choose(reset, fresh_optimizer, state.optimizer_state),
    )
    estimate = truncated_backpropagation(
      self.task, parameters, state, data, length
    )
    average = average_slots(
      tf.nest.flatten(estimate.gradients),
      estimate.metrics.loss,
      self.config.slot_clip_norm,
    )
    # A slot that is lost goes on from fresh weights.
    weights = _choose(average.usable, estimate.state.weights, fresh)
    optimizer_state = _choose(
      average.usable, estimate.state.optimizer_state, fresh_optimizer
    )
    count = tf.reduce_sum(tf.cast(average.usable, average.norms.dtype))

    def mean(values):
      values = tf.where(average.usable, values, tf.zeros_like(values))
      return tf.reduce_sum(values) / count

    return StepResult(
      average.gradients,
      weights,
      optimizer_state,
      UnrollMetrics(*map(mean, estimate.metrics)),
      count,
    )


def _choose(mask, yes, no):
  """Slot by slot one of two structures of `[t, ...]` tensors."""

  def choose(one, other):
    trailing = [1] * (one.shape.rank - 1)
    return tf.where(tf.reshape(mask, [-1, *trailing]), one, other)

  return tf.nest.map_structure(choose, yes, no)
