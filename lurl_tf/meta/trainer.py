# SPDX-License-Identifier: Apache-2.0
"""The meta-trainer: outer steps of Adam on theta, on one or many replicas."""

import math
import os
import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.inner.flat_parameters import (
  LOG_RATES,
  flatten_parameters,
  parameter_mask,
  unflatten_parameters,
)
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.unroll import MetaParameters
from lurl_tf.meta.metrics import FirstCall, MetaMetrics, PartMetrics, read_parts
from lurl_tf.meta.outer.state import TrainerState
from lurl_tf.meta.outer.step import (
  ReplicaState,
  ReplicaSteps,
  make_replica_steps,
)
from lurl_tf.meta.outer.update import initial_state
from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.queue import TruncationQueue
from lurl_tf.meta.train_config import MetaTrainConfig, check_samplers
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.episodes import TaskSampler


class MetaTrainer:
  """Meta-trains a rule on a distribution of tasks.

  Every bucket of the distribution has task slots and a compiled function of its
  own; the buckets take turns, truncation by truncation. Inner states persist
  from one truncation to the next. Every replica of the strategy draws its own
  tasks and keeps its own inner states; gradients are reduced once per outer
  step. All state lives in `checkpoint`; a run that is restored from it goes on
  as if never stopped.

  Args:
    rule: the `UpdateRule` whose meta-parameters are trained. They are read
      here, and written at the end of `train`.
    samplers: draw tasks and their examples, one per bucket of
      `config.tasks`; see `lurl_tf.tasks.load_samplers`.
    config: the run; `config.rule` must be that of `rule`.
    strategy: how replicas are distributed; default: the current strategy.
    jit_compile: whether XLA compiles the task slots' programs; never with the
      compiler `"graph"`.
    slots_per_program: how many task slots share a compiled program; 0: one on
      processors, of which every core then works on a slot of its own; all on
      accelerators.
    steps_per_call: outer steps in one call of a compiled function, for
      accelerators that would wait for Python. It does not change the numbers.

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
    steps_per_call: int = 1,
    slots_per_program: int = 0,
  ):
    _check_fit(rule, samplers, config)
    if steps_per_call < 1:
      raise ValueError(
        "`steps_per_call` must be positive. Received: "
        f"steps_per_call={steps_per_call}"
      )
    if slots_per_program < 0:
      raise ValueError(
        "`slots_per_program` must not be negative. Received: "
        f"slots_per_program={slots_per_program}"
      )
    without_xla = config.unroll.without_xla
    rounded = config.unroll.product_dtype != "float32"
    if rounded and not (jit_compile or without_xla):
      raise ValueError(
        "Rounded products need XLA, or the compiler 'graph'. Received: "
        f"product_dtype={config.unroll.product_dtype!r}, jit_compile=False"
      )
    jit_compile = jit_compile and not without_xla
    self._rule, self.config = rule, config
    self.strategy = strategy or tf.distribute.get_strategy()
    self.steps_per_call = steps_per_call
    if not slots_per_program:
      one_each = distribution.runs_on_processors(self.strategy)
      slots_per_program = 1 if one_each else config.slots
    knots = len(config.inner_learning_rates)
    names = ["."] if config.learn_inner_rates else [f"^(?!{LOG_RATES})"]
    self._trained = parameter_mask(config.rule, knots, names)
    self.groups = tuple(
      SlotGroup(
        config,
        index,
        sampler,
        self._trained,
        self.replicas,
        jit_compile and not distribution.compiles_replicas(self.strategy),
        slots_per_program,
      )
      for index, sampler in enumerate(samplers)
    )
    self._part_names = [
      (group.name, data_set)
      for group in self.groups
      for data_set in group.data_set_names
    ]
    self._queue = TruncationQueue(
      self.groups, distribution.local_replicas(self.strategy), self.replicas
    )
    log_rates = [math.log(rate) for rate in config.inner_learning_rates]
    parameters = flatten_parameters(
      MetaParameters(
        tuple(map(tf.convert_to_tensor, rule.meta_parameters)),
        tf.constant(log_rates, config.rule.dtype),
      )
    )
    self.state = TrainerState(
      self.strategy,
      ReplicaState(
        initial_state(parameters),
        tuple(group.new_slots() for group in self.groups),
      ),
    )
    self._step = 0
    self._calls: dict[tuple[int, int], Callable] = {}
    self.first_calls: list[FirstCall] = []
    # Of the last step that was told of.
    self.parts: tuple[PartMetrics, ...] = ()
    self.stopped = False
    self.checkpoint = tf.train.Checkpoint(
      state=self.state.checkpoint, queue=self._queue.checkpoint
    )

  @property
  def replicas(self) -> int:
    """Replicas in sync; each has `config.slots` task slots per bucket."""
    return self.strategy.num_replicas_in_sync

  @property
  def step(self) -> int:
    """Outer steps done."""
    return self._step

  @property
  def step_variable(self) -> tf.Variable:
    """The outer steps done when `checkpoint` was stored or restored."""
    return self.checkpoint.state.outer["step"]

  @property
  def inner_learning_rates(self) -> tuple[float, ...]:
    """Knots of the inner learning rate over t / T, as they stand."""
    log_rates = self._unflattened().log_rates.numpy()
    return tuple(float(rate) for rate in np.exp(log_rates))

  @property
  def lost_slots(self) -> tuple[np.ndarray, ...]:
    """How often every slot of this process was lost, `[r * t]` per bucket."""
    return tuple(
      np.concatenate(self.strategy.experimental_local_results(slots.lost))
      for slots in self.state.values.slots
    )

  @property
  def trace_count(self) -> int:
    """How often functions were traced; it does not grow with the steps.

    Once per bucket, and once per bucket that a call can begin with.
    """
    calls = self._calls.values()
    return sum(group.trace_count for group in self.groups) + sum(
      call.experimental_get_tracing_count() for call in calls
    )

  def parameters(self) -> tf.Tensor:
    """What is meta-learned, `[n]`, as it is to be used; see `Validation`.

    With `config.average_decay` it is an average over time.
    """
    outer = distribution.first_local(self.strategy, self.state.values.outer)
    return outer.learned.average

  def store(self) -> None:
    """Brings all state from the replicas into the variables of `checkpoint`.

    To be called before `checkpoint` is written, on every process of a strategy
    of several.
    """
    self.state.store()
    self._update_rule()

  def load(self) -> None:
    """Brings the variables of `checkpoint`, once restored, to the replicas."""
    self.state.load()
    outer = distribution.first_local(self.strategy, self.state.values.outer)
    self._step = int(outer.step)
    self._update_rule()

  def write_checkpoint(self, prefix: str | os.PathLike[str]) -> None:
    """Writes all state; of several processes the first one writes.

    Args:
      prefix: of the files.
    """
    self.store()
    if distribution.is_chief(self.strategy):
      self.checkpoint.write(os.fspath(prefix))

  def read_checkpoint(self, prefix: str | os.PathLike[str]) -> None:
    """Goes back, or on, to what `write_checkpoint` wrote.

    Args:
      prefix: of the files.

    Raises:
      tf.errors.NotFoundError: if there are none.
      AssertionError: if they hold the state of another run.
    """
    self.checkpoint.read(os.fspath(prefix)).assert_consumed()
    self.load()

  def train(
    self,
    num_steps: int,
    on_step: Callable[[int, MetaMetrics], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
  ) -> MetaMetrics:
    """Does outer steps.

    Args:
      num_steps: how many, beyond those done.
      on_step: called with the number of steps done and the step's metrics;
        `parts` says what they were on each bucket and data set.
      should_stop: asked between calls of the compiled function, on every
        process; when it says so on one of them, all stop after the same step
        and `stopped` is true.

    Returns:
      Means of the metrics over these steps.

    Raises:
      ValueError: if `num_steps` is not positive.
    """
    if num_steps < 1:
      raise ValueError(
        f"`num_steps` must be positive. Received: num_steps={num_steps}"
      )
    should_stop = should_stop or (lambda: False)
    history, self.stopped = [], False
    while len(history) < num_steps and not self.stopped:
      left = num_steps - len(history)
      steps = self.steps_per_call if left >= self.steps_per_call else 1
      # The wish rides on the reduction of the gradients, so that all processes
      # hear of it in the same step.
      rows, stop = self._call(steps, should_stop())
      for metrics, parts in rows:
        self._step += 1
        self.parts = parts
        history.append(metrics)
        if on_step is not None:
          on_step(self._step, metrics)
      alone = not distribution.has_workers(self.strategy)
      self.stopped = stop or (alone and should_stop())
    self._update_rule()
    return MetaMetrics(*(float(np.mean(column)) for column in zip(*history)))

  def _call(
    self, steps: int, stop: bool
  ) -> tuple[list[tuple[MetaMetrics, tuple[PartMetrics, ...]]], bool]:
    """Some outer steps, and whether a process asked to stop after them."""
    began = time.monotonic()
    drawn, truncations = self._take(steps)
    waited = time.monotonic() - began
    key = (drawn.first_bucket, steps)
    is_first = key not in self._calls
    if is_first:
      self._calls[key] = self._make_call(drawn.first_bucket)
    with plain_graphs():
      self.state.values, numbers = self._calls[key](
        self.state.values, truncations, tf.constant(float(stop))
      )
    numbers = distribution.first_local(self.strategy, numbers).numpy()
    seconds = time.monotonic() - began
    if is_first:
      names = [self.groups[index].name for index in drawn.buckets]
      self.first_calls.append(FirstCall(tuple(dict.fromkeys(names)), seconds))
    stop_column = len(MetaMetrics._fields) - 1  # The host adds `waiting`.
    rows = [
      (
        MetaMetrics(*map(float, row[:stop_column]), waiting=waited / seconds),
        read_parts(self._part_names, row[stop_column + 1 :]),
      )
      for row in numbers
    ]
    return rows, bool(np.any(numbers[:, stop_column] > 0))

  def replica_function(self, first_bucket: int) -> ReplicaSteps:
    """What each replica runs, see `make_replica_steps`.

    Args:
      first_bucket: index of the bucket that begins.
    """
    return make_replica_steps(
      self.config,
      self._trained,
      self.groups,
      first_bucket,
      distribution.reduces_in_loops(self.strategy),
    )

  def next_arguments(self, steps: int) -> tuple[ReplicaState, tuple]:
    """What the next steps would take, for tools that look at the program.

    Args:
      steps: outer steps.

    Returns:
      Per-replica arguments of `replica_function`, but for the last.
    """
    return self.state.values, self._take(steps)[1]

  def _take(self, steps):
    drawn = self._queue.take(steps * self.config.accumulate)
    return drawn, distribution.per_replica(
      self.strategy, lambda replica: tuple(each[replica] for each in drawn.each)
    )

  def _make_call(self, first_bucket: int) -> Callable:
    on_replica = self.replica_function(first_bucket)

    def call(state, truncations, stop):
      return self.strategy.run(on_replica, args=(state, truncations, stop))

    return tf.function(call, autograph=False)

  def _unflattened(self) -> MetaParameters:
    return unflatten_parameters(self.config.rule, self.parameters())

  def _update_rule(self) -> None:
    for variable, value in zip(
      self._rule.meta_parameters, self._unflattened().rule
    ):
      variable.assign(value)


def _check_fit(rule, samplers, config):
  if rule.config != config.rule:
    raise ValueError(
      "`config.rule` must be the rule's config. Received: "
      f"config.rule={config.rule}, rule.config={rule.config}"
    )
  check_samplers(samplers, config)
  for sampler in samplers:
    if sampler.use != "meta_train":
      raise ValueError(
        "Meta-training takes data of use 'meta_train' only. "
        f"Received: sampler.use={sampler.use!r}"
      )
