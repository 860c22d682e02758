# SPDX-License-Identifier: Apache-2.0
"""The meta-trainer: outer steps of Adam on theta."""

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.meta.prefetch import Prefetcher
from lurl_tf.meta.slot_group import DrawnTruncation, SlotGroup
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.unroll import MetaParameters
from lurl_tf.rule.update_rule import UpdateRule, check_output_size
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
    waiting: share of the time spent waiting for data.
  """

  loss: float
  query_error: float
  penalty: float
  accuracy: float
  support_accuracy: float
  gradient_norm: float
  skipped: float
  waiting: float


class MetaTrainer:
  """Meta-trains a rule on a distribution of tasks.

  Every bucket of the distribution has task slots and a compiled function of its
  own; the buckets take turns, truncation by truncation. Inner states persist
  from one truncation to the next. All state lives in `checkpoint`; a run that
  is restored from it goes on as if never stopped.

  Args:
    rule: the `UpdateRule` whose meta-parameters are trained, in place.
    samplers: draw tasks and their examples, one per bucket of
      `config.tasks`; see `lurl_tf.tasks.load_samplers`.
    config: the run; `config.rule` must be that of `rule`.
    strategy: a `tf.distribute.Strategy` of one replica; default: the current.
    jit_compile: whether XLA compiles the replica step.

  Raises:
    ValueError: if the rule, the tasks and the config do not fit together.

  Example:

  ```python
  config = MetaTrainConfig(seed=1)
  samplers = lurl_tf.tasks.load_samplers(config.tasks, seed=config.seed)
  rule = lurl_tf.UpdateRule(config.rule, seed=config.seed)
  metrics = MetaTrainer(rule, samplers, config).train(num_steps=100)
  ```
  """

  def __init__(
    self,
    rule: UpdateRule,
    samplers: Sequence[TaskSampler],
    config: MetaTrainConfig,
    strategy: tf.distribute.Strategy | None = None,
    jit_compile: bool = True,
  ):
    _check_fit(rule, samplers, config)
    self._strategy = strategy or tf.distribute.get_strategy()
    if self._strategy.num_replicas_in_sync != 1:
      raise ValueError(
        "The meta-trainer takes a strategy of one replica. Received: "
        f"{self._strategy.num_replicas_in_sync} replicas"
      )
    self._rule, self.config = rule, config
    self._log_rates = tf.Variable(
      [math.log(rate) for rate in config.inner_learning_rates],
      dtype=config.rule.dtype,
      name="log_inner_learning_rates",
    )
    self.groups = tuple(
      SlotGroup(config, index, sampler, jit_compile)
      for index, sampler in enumerate(samplers)
    )
    self._prefetcher: Prefetcher[DrawnTruncation] = Prefetcher()
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
      groups=[group.checkpoint for group in self.groups],
      truncations=self._truncations,
      step=self.step_variable,
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
    """How often replica steps were traced: once per bucket, if all is well."""
    return sum(group.trace_count for group in self.groups)

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

  def _outer_step(self) -> MetaMetrics:
    began, waited = time.monotonic(), 0.0
    results = []
    for _ in range(self.config.accumulate):
      truncation = int(self._truncations)
      waiting = time.monotonic()
      group, drawn = self._take_truncation(truncation)
      waited += time.monotonic() - waiting
      result = self._strategy.run(
        group.compiled_step,
        args=(self.parameters(), *group.arguments(truncation, drawn)),
      )
      group.keep(result)
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

  def _take_truncation(
    self, truncation: int
  ) -> tuple[SlotGroup, DrawnTruncation]:
    """The next truncation, of the buckets in turn; the one after is begun."""

    def request(truncation):
      group = self.groups[truncation % len(self.groups)]
      book = group.book.numpy()
      key = (truncation, book.tobytes())
      return group, key, lambda: group.draw(truncation, book)

    group, key, draw = request(truncation)
    drawn = self._prefetcher.take(key, draw)
    group.book.assign(np.stack(drawn.plan.after))
    self._truncations.assign_add(1)
    self._prefetcher.start(*request(truncation + 1)[1:])
    return group, drawn

  def parameters(self) -> MetaParameters:
    """What is meta-learned, as it stands."""
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


def _learning_rate(config: MetaTrainConfig):
  if not config.decay_steps:
    return config.learning_rate
  return keras.optimizers.schedules.CosineDecay(
    config.learning_rate, config.decay_steps, alpha=0.1
  )


def _check_fit(rule, samplers, config):
  if rule.config != config.rule:
    raise ValueError(
      "`config.rule` must be the rule's config. Received: "
      f"config.rule={config.rule}, rule.config={rule.config}"
    )
  buckets = config.tasks.buckets
  if len(samplers) != len(buckets):
    raise ValueError(
      "There must be one sampler per bucket of `config.tasks`. Received: "
      f"{len(samplers)} samplers, {len(buckets)} buckets"
    )
  for bucket, sampler in zip(buckets, samplers):
    if sampler.config != bucket.episodes:
      raise ValueError(
        "A bucket's episodes must be the sampler's config. Received: "
        f"bucket.episodes={bucket.episodes}, sampler.config={sampler.config}"
      )
    if sampler.use != "meta_train":
      raise ValueError(
        "Meta-training takes data of use 'meta_train' only. "
        f"Received: sampler.use={sampler.use!r}"
      )
    check_output_size(config.rule, bucket.units[-1])
