# SPDX-License-Identifier: Apache-2.0
"""The task slots of one bucket: plans, data and truncations."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import (
  Estimate,
  Estimator,
  get_estimator,
  split_seeds,
)
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.slots.average import average_metrics, average_slots
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.meta.slots.programs import SlotInputs, SlotPrograms
from lurl_tf.meta.slots.schedule import (
  SlotSchedule,
  TruncationPlan,
  plan_truncation,
)
from lurl_tf.meta.slots.structures import Advance, Slots, Truncation
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.tasks.augmentation.rotate_and_shift import check_image_shape
from lurl_tf.tasks.episodes import TaskSampler


class SlotGroup:
  """The task slots of one bucket, on all replicas.

  Args:
    config: Configuration of the run, without "auto" values.
    index: Index of the bucket in `config.tasks.buckets`.
    sampler: `TaskSampler` of the bucket.
    trained: `[n]` bool, the meta-parameters that are trained.
    replicas: Number of replicas; each has `config.slots` slots.
    jit_compile: Whether the truncation is compiled with XLA here, and not by
      the strategy.
    slots_per_program: Number of slots in one compiled program, at least 1.
    estimator: `Estimator` of the meta-gradient; default: the one that
      `config.estimator` names.

  Raises:
    ValueError: If inputs that are not images are to be rotated or shifted.
  """

  def __init__(
    self,
    config: MetaTrainConfig,
    index: int,
    sampler: TaskSampler,
    trained: np.ndarray,
    replicas: int = 1,
    jit_compile: bool = True,
    slots_per_program: int = 1,
    estimator: Estimator | None = None,
  ):
    if config.tasks.augmentation.moves_pixels:
      check_image_shape(sampler.input_size, sampler.image_shape)
    self.config, self._index, self._sampler = config, index, sampler
    self._replicas = replicas
    names = [each.name for each in sampler.data_sets]
    # Data sets of a synthetic family share a name.
    self.data_set_names = tuple(dict.fromkeys(names))
    self._name_places = [self.data_set_names.index(name) for name in names]
    self.bucket = config.tasks.buckets[index]
    self.task = TruncatedTask(
      config.rule,
      config.unroll,
      sampler.input_size,
      self.bucket.units,
      self.bucket.activation,
      config.inner_optimizer,
    )
    self.estimator = estimator or get_estimator(
      config.estimator, config.rule, len(config.inner_learning_rates), trained
    )
    self._programs = SlotPrograms(
      self.estimator, self.task, slots_per_program, jit_compile
    )

    def compiled(function, alone=True):
      return tf.function(
        function, jit_compile=jit_compile and alone, autograph=False
      )

    # XLA would merge several programs that it compiles together.
    self.compiled_step = compiled(
      self._advance, alone=slots_per_program >= config.slots
    )
    self._compiled_inputs = compiled(self._inputs)
    self._compiled_average = compiled(self._average)

  @property
  def name(self) -> str:
    """Units, activation and number of inputs, as text."""
    units = "-".join(map(str, self.bucket.units))
    return f"{units} {self.bucket.activation}, {self.task.input_size} inputs"

  @property
  def trace_count(self) -> int:
    """Number of times that the truncation was traced."""
    return self.compiled_step.experimental_get_tracing_count()

  def new_slots(self) -> Slots:
    """The initial `Slots` of one replica."""
    slots = self.config.slots
    state = self.estimator.init(
      self.task, tf.constant([self.config.seed, 0]), slots
    )
    zeros = tf.zeros([slots], tf.int32)
    return Slots(tf.nest.map_structure(tf.zeros_like, state), zeros + 1, zeros)

  def plan(self, truncation: int, schedule: np.ndarray) -> TruncationPlan:
    """Plans a truncation; a pure function.

    Args:
      truncation: Number of truncations before, over all buckets.
      schedule: `[3, r * t]`, the arrays of the `SlotSchedule` of the slots of
        all replicas.

    Returns:
      `TruncationPlan` of the slots of all replicas.
    """
    config = self.config
    return plan_truncation(
      SlotSchedule(*schedule),
      (config.min_truncation, config.unroll.max_steps),
      (config.min_horizon, config.max_horizon),
      config.unroll.evaluate_every,
      config.seed,
      truncation,
    )

  def draw(
    self, truncation: int, plan: TruncationPlan, replicas: Sequence[int]
  ) -> dict[int, Truncation]:
    """Draws the inputs of a truncation for some replicas; a pure function.

    Args:
      truncation: Number of truncations before, over all buckets.
      plan: `TruncationPlan` from `plan`.
      replicas: Numbers of the replicas to draw for.

    Returns:
      Dict from the number of a replica to its `Truncation`.
    """
    return {
      replica: self._draw_for(truncation, plan, replica) for replica in replicas
    }

  def _draw_for(
    self, truncation: int, plan: TruncationPlan, replica: int
  ) -> Truncation:
    config, buckets = self.config, len(self.config.tasks.buckets)
    rows = slice(replica * config.slots, (replica + 1) * config.slots)
    generations = plan.before.generation[rows]
    first_slot = (replica * buckets + self._index) * config.slots
    data, variation = draw_truncation(
      self._sampler,
      config.unroll,
      config.rule.dtype,
      generations,
      truncation,
      first_slot,
    )
    data_sets = [
      self._name_places[self._sampler.data_set_of(slot, int(generation))]
      for slot, generation in enumerate(generations, first_slot)
    ]
    return Truncation(
      reset=tf.constant(plan.reset[rows]),
      clock=SlotClock(
        tf.constant(plan.before.age[rows]),
        tf.constant(plan.before.horizon[rows]),
      ),
      length=tf.constant(plan.length),
      seed=tf.constant(
        [config.seed, truncation * self._replicas + replica + 1], tf.int32
      ),
      data=data,
      variation=variation,
      data_sets=tf.constant(data_sets, tf.int32),
    )

  def advance(
    self, parameters: tf.Tensor, slots: Slots, truncation: Truncation
  ) -> Advance:
    """Advances all slots of one replica by a truncation; a pure function.

    Fresh or persistent inner states and augmented data are the inputs of
    `Estimator.estimate`, which runs in one or several compiled programs, see
    `SlotPrograms`. The gradients of the slots are then clipped and averaged,
    see `average_slots`.

    Args:
      parameters: `[n]`, meta-parameters.
      slots: `Slots` before the truncation.
      truncation: `Truncation` to do.

    Returns:
      `Advance`.
    """
    return self.compiled_step(parameters, slots, truncation)

  def _advance(
    self, parameters: tf.Tensor, slots: Slots, truncation: Truncation
  ) -> Advance:
    estimate = self._programs(
      parameters, self._compiled_inputs(slots, truncation), truncation.length
    )
    return self._compiled_average(estimate, slots.lost, truncation.data_sets)

  def _inputs(self, slots: Slots, truncation: Truncation) -> SlotInputs:
    config = self.config
    data = vary_truncation(
      truncation.data,
      truncation.variation,
      self._sampler.image_shape,
      config.tasks.augmentation,
      config.tasks.regress_augmentation,
    )
    fresh = self.estimator.init(self.task, truncation.seed, config.slots)
    reset = truncation.reset | (slots.restart > 0)
    return SlotInputs(
      _choose(reset, fresh, slots.state),
      truncation.clock,
      data,
      split_seeds(truncation.seed, config.slots),
    )

  def _average(
    self, estimate: Estimate, lost: tf.Tensor, data_sets: tf.Tensor
  ) -> Advance:
    average = average_slots(
      estimate.gradients, estimate.metrics.loss, self.config.slot_clip_norm
    )
    metrics = average_metrics(
      estimate.metrics, average.usable, data_sets, len(self.data_set_names)
    )
    # A lost slot keeps its age, but restarts from fresh weights.
    is_lost = tf.cast(~average.usable, tf.int32)
    return Advance(
      average.gradient,
      Slots(estimate.state, restart=is_lost, lost=lost + is_lost),
      metrics.means,
      tf.reduce_sum(tf.cast(average.usable, average.gradient.dtype)),
      metrics.by_data_set,
    )


def _choose(mask, yes, no):
  """Chooses between two structures of `[t, ...]` tensors for each slot."""

  def choose(one, other):
    trailing = [1] * (one.shape.rank - 1)
    return tf.where(tf.reshape(mask, [-1, *trailing]), one, other)

  return tf.nest.map_structure(choose, yes, no)
