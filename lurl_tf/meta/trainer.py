# SPDX-License-Identifier: Apache-2.0
"""The meta-trainer: outer steps of Adam on theta."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.meta.drawing import draw_truncation
from lurl_tf.meta.slot_gradients import average_slots
from lurl_tf.meta.slots import SlotBook, new_book, plan_truncation
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
from lurl_tf.rule.update_rule import UpdateRule, check_output_size
from lurl_tf.structures import LayerWeights
from lurl_tf.tasks.episodes import TaskSampler

# Inner learning rates are clamped to these when they are learned.
SMALLEST_RATE, LARGEST_RATE = 1e-6, 1.0


class MetaMetrics(NamedTuple):
  """Numbers of one outer step, or means over several.

  Attributes:
    loss: the weighted meta-objective.
    query_error: its part from the query set.
    penalty: the read-out's ridge penalty.
    accuracy: of the query sets, in [0, 1].
    support_accuracy: of the support sets, in [0, 1].
    gradient_norm: of the averaged gradient, before clipping.
    skipped: task slots left out, for a loss or gradient that is not finite.
    waiting: share of the time spent drawing data.
  """

  loss: float
  query_error: float
  penalty: float
  accuracy: float
  support_accuracy: float
  gradient_norm: float
  skipped: float
  waiting: float


class StepResult(NamedTuple):
  """What the replica step returns.

  Attributes:
    gradients: of theta and the log rates, averaged over slots; a flat list.
    weights: the slots' next inner weights.
    metrics: `UnrollMetrics`, means over the usable slots.
    usable: number of slots that count.
  """

  gradients: list[tf.Tensor]
  weights: tuple[LayerWeights, ...]
  metrics: UnrollMetrics
  usable: tf.Tensor


class MetaTrainer:
  """Meta-trains a rule on tasks drawn from a data set.

  Inner states persist from one truncation to the next. All state lives in
  `checkpoint`; a run that is restored from it goes on as if never stopped.

  Args:
    rule: the `UpdateRule` whose meta-parameters are trained, in place.
    sampler: draws tasks and their examples.
    config: the run; `config.rule` and `config.episodes` must be those of
      `rule` and `sampler`.
    strategy: a `tf.distribute.Strategy` of one replica; default: the current.
    jit_compile: whether XLA compiles the replica step.

  Raises:
    ValueError: if the rule, the tasks and the config do not fit together.

  Example:

  ```python
  config = MetaTrainConfig(seed=1)
  examples = lurl_tf.tasks.load_examples("lurl_glyphs", "train", image_size=8)
  sampler = lurl_tf.tasks.TaskSampler(examples, config.episodes, config.seed)
  rule = lurl_tf.UpdateRule(config.rule, seed=config.seed)
  metrics = MetaTrainer(rule, sampler, config).train(num_steps=100)
  ```
  """

  def __init__(
    self,
    rule: UpdateRule,
    sampler: TaskSampler,
    config: MetaTrainConfig,
    strategy: tf.distribute.Strategy | None = None,
    jit_compile: bool = True,
  ):
    _check_fit(rule, sampler, config)
    self._strategy = strategy or tf.distribute.get_strategy()
    if self._strategy.num_replicas_in_sync != 1:
      raise ValueError(
        "The meta-trainer takes a strategy of one replica. Received: "
        f"{self._strategy.num_replicas_in_sync} replicas"
      )
    self._rule, self._sampler, self.config = rule, sampler, config
    self.task = TruncatedTask(
      config.rule, config.unroll, sampler.input_size, config.units
    )
    self._log_rates = tf.Variable(
      [math.log(rate) for rate in config.inner_learning_rates],
      dtype=config.rule.dtype,
      name="log_inner_learning_rates",
    )
    self._slot_weights = tf.nest.map_structure(
      lambda value: tf.Variable(tf.zeros_like(value)),
      self.task.init(tf.constant([config.seed, 0]), config.slots),
    )
    self._book = tf.Variable(np.stack(new_book(config.slots)))
    self._truncations = tf.Variable(0, dtype=tf.int64)
    self.step_variable = tf.Variable(0, dtype=tf.int64)
    self._optimizer = keras.optimizers.Adam(
      _learning_rate(config), global_clipnorm=config.clip_norm
    )
    self._trained = [*rule.meta_parameters]
    if config.learn_inner_rates:
      self._trained.append(self._log_rates)
    self._optimizer.build(self._trained)
    self.checkpoint = tf.train.Checkpoint(
      theta=list(rule.meta_parameters),
      log_rates=self._log_rates,
      optimizer=self._optimizer,
      slot_weights=tf.nest.flatten(self._slot_weights),
      book=self._book,
      truncations=self._truncations,
      step=self.step_variable,
    )
    self._replica_step = tf.function(
      self.replica_step, jit_compile=jit_compile, autograph=False
    )
    self._apply = tf.function(self._apply_gradients, autograph=False)

  @property
  def step(self) -> int:
    """Outer steps done."""
    return int(self.step_variable)

  @property
  def inner_learning_rates(self) -> tuple[float, ...]:
    """Knots of the inner learning rate over t / T, as they stand."""
    return tuple(float(rate) for rate in np.exp(self._log_rates.numpy()))

  @property
  def trace_count(self) -> int:
    """How often the replica step was traced."""
    return self._replica_step.experimental_get_tracing_count()

  def train(
    self,
    num_steps: int,
    on_step: Callable[[int, MetaMetrics], None] | None = None,
  ) -> MetaMetrics:
    """Does outer steps.

    Args:
      num_steps: how many, beyond those done.
      on_step: called with the number of steps done and the step's metrics.

    Returns:
      Means of the metrics over these steps.

    Raises:
      ValueError: if `num_steps` is not positive.
    """
    if num_steps < 1:
      raise ValueError(
        f"`num_steps` must be positive. Received: num_steps={num_steps}"
      )
    history = []
    for _ in range(num_steps):
      history.append(self._outer_step())
      if on_step is not None:
        on_step(self.step, history[-1])
    return MetaMetrics(*(float(np.mean(column)) for column in zip(*history)))

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
      state: the slots' inner states; weights of slots to reset are ignored.
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
      self.config.augmentation,
      self.config.regress_augmentation,
    )
    fresh = self.task.init(seed, self.config.slots)
    state = state._replace(weights=_choose(reset, fresh, state.weights))
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
    count = tf.reduce_sum(tf.cast(average.usable, average.norms.dtype))

    def mean(values):
      values = tf.where(average.usable, values, tf.zeros_like(values))
      return tf.reduce_sum(values) / count

    return StepResult(
      average.gradients,
      weights,
      UnrollMetrics(*map(mean, estimate.metrics)),
      count,
    )

  def _outer_step(self) -> MetaMetrics:
    began, waited = time.monotonic(), 0.0
    results = []
    for _ in range(self.config.accumulate):
      drawing = time.monotonic()
      arguments = self._next_arguments()
      waited += time.monotonic() - drawing
      result = self._strategy.run(
        self._replica_step, args=(self._parameters(), *arguments)
      )
      tf.nest.map_structure(
        lambda variable, value: variable.assign(value),
        self._slot_weights,
        result.weights,
      )
      results.append(result)
    usable = sum(float(result.usable) for result in results)
    # A truncation of which no slot is usable has zeros for a gradient, and no
    # metrics.
    kept = [result for result in results if float(result.usable) > 0]
    norm = self._apply(
      [result.gradients for result in results],
      tf.constant(len(kept), self.config.rule.dtype),
    )
    self.step_variable.assign_add(1)
    slots = self.config.slots * self.config.accumulate
    means = [
      np.mean([float(value) for value in column])
      for column in zip(*(result.metrics for result in kept or results))
    ]
    return MetaMetrics(
      *map(float, means),
      gradient_norm=float(norm),
      skipped=slots - usable,
      waiting=waited / (time.monotonic() - began),
    )

  def _next_arguments(self):
    """Plans the next truncation and draws its data."""
    config, book = self.config, SlotBook(*self._book.numpy())
    truncation = int(self._truncations)
    plan = plan_truncation(
      book,
      (config.min_truncation, config.unroll.max_steps),
      (config.min_horizon, config.max_horizon),
      config.unroll.evaluate_every,
      config.seed,
      truncation,
    )
    self._book.assign(np.stack(plan.after))
    self._truncations.assign_add(1)
    state = SlotState(
      tf.nest.map_structure(tf.convert_to_tensor, self._slot_weights),
      tf.constant(plan.before.age),
      tf.constant(plan.before.horizon),
    )
    data, variation = draw_truncation(
      self._sampler,
      config.unroll,
      config.rule.dtype,
      plan.before.generation,
      truncation,
    )
    return (
      state,
      tf.constant(plan.reset),
      tf.constant([config.seed, truncation + 1], tf.int32),
      data,
      tf.constant(plan.length),
      variation,
    )

  def _parameters(self) -> MetaParameters:
    return MetaParameters(
      tuple(map(tf.convert_to_tensor, self._rule.meta_parameters)),
      tf.convert_to_tensor(self._log_rates),
    )

  def _apply_gradients(self, gradients, count) -> tf.Tensor:
    """An Adam step along the mean of `count` gradients; the rest are zeros."""
    averaged = [
      tf.add_n(column) / tf.maximum(count, 1) for column in zip(*gradients)
    ]
    averaged = averaged[: len(self._trained)]

    def apply():
      self._optimizer.apply(averaged, self._trained)
      self._log_rates.assign(
        tf.clip_by_value(
          self._log_rates, math.log(SMALLEST_RATE), math.log(LARGEST_RATE)
        )
      )
      return tf.constant(True)

    tf.cond(count > 0, apply, lambda: tf.constant(False))
    return tf.linalg.global_norm(averaged)


def _choose(mask, yes, no):
  """Slot by slot one of two structures of `[t, ...]` tensors."""

  def choose(one, other):
    trailing = [1] * (one.shape.rank - 1)
    return tf.where(tf.reshape(mask, [-1, *trailing]), one, other)

  return tf.nest.map_structure(choose, yes, no)


def _learning_rate(config: MetaTrainConfig):
  if not config.decay_steps:
    return config.learning_rate
  return keras.optimizers.schedules.CosineDecay(
    config.learning_rate, config.decay_steps, alpha=0.1
  )


def _check_fit(rule, sampler, config):
  if rule.config != config.rule:
    raise ValueError(
      "`config.rule` must be the rule's config. Received: "
      f"config.rule={config.rule}, rule.config={rule.config}"
    )
  if sampler.config != config.episodes:
    raise ValueError(
      "`config.episodes` must be the sampler's config. Received: "
      f"config.episodes={config.episodes}, sampler.config={sampler.config}"
    )
  check_output_size(config.rule, config.units[-1])
