# SPDX-License-Identifier: Apache-2.0
"""The meta-trainer: outer steps of Adam on theta, on one or many replicas."""

import dataclasses
import os
import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.estimators.estimator import Estimator
from lurl_tf.meta.inner.automatic import (
  resolve_slots_per_program,
  resolve_unroll,
)
from lurl_tf.meta.inner.flat_parameters import (
  LOG_RATES,
  initial_parameters,
  parameter_mask,
  unflatten_parameters,
)
from lurl_tf.meta.metrics import (
  FirstCall,
  MetaMetrics,
  PartMetrics,
  StepRecord,
  read_step,
)
from lurl_tf.meta.outer.calls import OuterCalls
from lurl_tf.meta.outer.state import TrainerState
from lurl_tf.meta.outer.step import ReplicaState
from lurl_tf.meta.outer.update import initial_state
from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.queue import TruncationQueue
from lurl_tf.meta.train_config import MetaTrainConfig, check_samplers
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.episodes import TaskSampler


class MetaTrainer:
  """Meta-trains a rule on a distribution of tasks.

  Every bucket of the distribution has task slots and compiled functions of its
  own; the buckets take turns, one per outer step. Inner states persist from one
  truncation to the next. Every replica of the strategy draws its own tasks and
  keeps its own inner states; gradients are reduced once per outer step.
  `lurl_tf.meta.outer.step` shows what a step does to theta. All state is in
  `checkpoint`; a run restored from it continues as if it had never stopped.

  Args:
    rule: `UpdateRule` whose meta-parameters are trained. They are read here and
      written at the end of `train`.
    samplers: `TaskSampler` of every bucket of `config.tasks`, see
      `lurl_tf.tasks.load_samplers`.
    config: Configuration of the run; `config.rule` must be that of `rule`. Its
      "auto" values are resolved for the devices of the strategy.
    strategy: Strategy of the replicas; default: the current strategy.
    jit_compile: Whether the programs of task slots are compiled with XLA; never
      with the compiler `"graph"`.
    steps_per_call: Outer steps in one call of a compiled function, for GPUs and
      TPUs that would wait for Python. It does not change the numbers.
    slots_per_program: Number of task slots in one compiled program, at least 1.
      None: one on CPUs, where every core then works on a slot of its own; all
      on GPUs and TPUs.
    estimator: `Estimator` of the meta-gradient; default: the one that
      `config.estimator` names.

  Raises:
    ValueError: If the rule, the tasks and the config do not fit together, or a
      number is out of range.

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
    slots_per_program: int | None = None,
    estimator: Estimator | None = None,
  ):
    _check_fit(rule, samplers, config)
    if steps_per_call < 1:
      raise ValueError(
        "`steps_per_call` must be positive. Received: "
        f"steps_per_call={steps_per_call}"
      )
    self.strategy = strategy or tf.distribute.get_strategy()
    on_cpu = distribution.runs_on_cpus(self.strategy)
    config = dataclasses.replace(config, unroll=resolve_unroll(config, on_cpu))
    without_xla = config.unroll.without_xla
    rounded = config.unroll.product_dtype != "float32"
    if rounded and not (jit_compile or without_xla):
      raise ValueError(
        "Rounded products need XLA, or the compiler 'graph'. Received: "
        f"product_dtype={config.unroll.product_dtype!r}, jit_compile=False"
      )
    jit_compile = jit_compile and not without_xla
    self._rule, self.config = rule, config
    self.steps_per_call = steps_per_call
    knots = len(config.inner_learning_rates)
    names = ["."] if config.learn_inner_rates else [f"^(?!{LOG_RATES})"]
    trained = parameter_mask(config.rule, knots, names)
    self.groups = tuple(
      SlotGroup(
        config,
        index,
        sampler,
        trained,
        self.replicas,
        jit_compile and not distribution.compiles_replicas(self.strategy),
        resolve_slots_per_program(slots_per_program, config.slots, on_cpu),
        estimator,
      )
      for index, sampler in enumerate(samplers)
    )
    self._part_names = [
      (group.name, data_set)
      for group in self.groups
      for data_set in group.data_set_names
    ]
    self.queue = TruncationQueue(
      self.groups, distribution.local_replicas(self.strategy), self.replicas
    )
    self.state = TrainerState(
      self.strategy,
      ReplicaState(
        initial_state(initial_parameters(rule, config.inner_learning_rates)),
        tuple(group.new_slots() for group in self.groups),
      ),
    )
    self._step = 0
    self.outer_calls = OuterCalls(self.strategy, config, trained, self.groups)
    self.first_calls: list[FirstCall] = []
    # Metrics by bucket and data set of the step that `on_step` is called for.
    self.parts: tuple[PartMetrics, ...] = ()
    self.stopped = False
    self.checkpoint = tf.train.Checkpoint(
      state=self.state.checkpoint, queue=self.queue.checkpoint
    )

  @property
  def replicas(self) -> int:
    """Number of replicas; each has `config.slots` task slots per bucket."""
    return self.strategy.num_replicas_in_sync

  @property
  def step(self) -> int:
    """Number of outer steps done."""
    return self._step

  @property
  def step_variable(self) -> tf.Variable:
    """Variable of the outer steps done when `checkpoint` was last stored."""
    return self.checkpoint.state.outer["step"]

  @property
  def inner_learning_rates(self) -> tuple[float, ...]:
    """Current knots of the inner learning rate over t / T."""
    own = unflatten_parameters(self.config.rule, self.parameters())
    return tuple(float(rate) for rate in np.exp(own.log_rates.numpy()))

  @property
  def lost_slots(self) -> tuple[np.ndarray, ...]:
    """How often each slot of this process was lost, `[r * t]` per bucket."""
    return tuple(
      np.concatenate(self.strategy.experimental_local_results(slots.lost))
      for slots in self.state.values.slots
    )

  @property
  def trace_count(self) -> int:
    """Number of times that functions were traced.

    Once per bucket, and once per bucket that a call can begin with; it does not
    grow with the steps.
    """
    groups = sum(group.trace_count for group in self.groups)
    return groups + self.outer_calls.trace_count

  def parameters(self) -> tf.Tensor:
    """The meta-parameters to use, `[n]`, see `Validation`.

    With `config.average_decay` they are an average over outer steps.
    """
    outer = distribution.first_local(self.strategy, self.state.values.outer)
    return outer.learned.average

  def store(self) -> None:
    """Copies all state from the replicas to the variables of `checkpoint`.

    Call it before `checkpoint` is written, on every process.
    """
    self.state.store()
    self._update_rule()

  def load(self) -> None:
    """Copies the restored variables of `checkpoint` to the replicas."""
    self.state.load()
    outer = distribution.first_local(self.strategy, self.state.values.outer)
    self._step = int(outer.step)
    self._update_rule()

  def write_checkpoint(self, prefix: str | os.PathLike[str]) -> None:
    """Writes all state; only the first of several processes writes.

    Args:
      prefix: Path prefix of the files.
    """
    self.store()
    if distribution.is_chief(self.strategy):
      self.checkpoint.write(os.fspath(prefix))

  def read_checkpoint(self, prefix: str | os.PathLike[str]) -> None:
    """Restores all state that `write_checkpoint` wrote.

    Args:
      prefix: Path prefix of the files.

    Raises:
      tf.errors.NotFoundError: If there are no such files.
      AssertionError: If they hold the state of another run.
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
      num_steps: Number of outer steps to do.
      on_step: Function called after each step with the number of steps done and
        the step's `MetaMetrics`; `parts` then holds the metrics of every bucket
        and data set.
      should_stop: Function called between calls of the compiled function, on
        every process. If it returns true on one of them, all stop after the
        same step, and `stopped` is true.

    Returns:
      `MetaMetrics`, means over these steps.

    Raises:
      ValueError: If `num_steps` is not positive.
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
      # The request to stop is reduced with the gradients, so that all processes
      # receive it in the same step.
      records = self._run(steps, should_stop())
      for record in records:
        self._step += 1
        self.parts = record.parts
        history.append(record.metrics)
        if on_step is not None:
          on_step(self._step, record.metrics)
      alone = not distribution.has_workers(self.strategy)
      self.stopped = any(record.stop for record in records) or (
        alone and should_stop()
      )
    self._update_rule()
    return MetaMetrics(*(float(np.mean(column)) for column in zip(*history)))

  def _run(self, steps: int, stop: bool) -> list[StepRecord]:
    """Does outer steps in one call of a compiled function."""
    began = time.monotonic()
    drawn = self.queue.take(steps)
    waited = time.monotonic() - began
    is_first = not self.outer_calls.is_compiled(drawn)
    self.state.values, packed = self.outer_calls(self.state.values, drawn, stop)
    seconds = time.monotonic() - began
    if is_first:
      names = [self.groups[index].name for index in drawn.buckets]
      self.first_calls.append(FirstCall(tuple(dict.fromkeys(names)), seconds))
    return [
      read_step(vector, self._part_names, waiting=waited / seconds)
      for vector in packed
    ]

  def _update_rule(self) -> None:
    own = unflatten_parameters(self.config.rule, self.parameters())
    for variable, value in zip(self._rule.meta_parameters, own.rule):
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
        "Meta-training needs data of use 'meta_train'. "
        f"Received: sampler.use={sampler.use!r}"
      )
