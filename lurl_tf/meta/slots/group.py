# SPDX-License-Identifier: Apache-2.0
"""The task slots of one bucket: their plans, data and compiled step."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import (
  Estimate,
  Estimator,
  get_estimator,
  split_seeds,
)
from lurl_tf.meta.estimators.estimator import EstimatorState
from lurl_tf.meta.inner.truncated_task import SlotClock, TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.inner.variation import TaskVariation, vary_truncation
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.meta.slots.average import average_slots
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.meta.slots.programs import SlotInputs, SlotPrograms
from lurl_tf.meta.slots.schedule import (
  SlotBook,
  TruncationPlan,
  plan_truncation,
)
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.tasks.augmentation.rotate_and_shift import check_image_shape
from lurl_tf.tasks.episodes import TaskSampler


class Slots(NamedTuple):
  """The task slots of a bucket on one replica between two truncations.

  Attributes:
    state: the estimator's, nested arrays `[t, ...]`.
    anew: `[t]` int32, 1 where a slot has to start anew: it never ran, or was
      lost to a loss or gradient that is not finite.
    lost: `[t]` int32, how often each slot was lost.
  """

  state: EstimatorState
  anew: tf.Tensor
  lost: tf.Tensor


class Truncation(NamedTuple):
  """All that one truncation of a bucket needs on one replica.

  Attributes:
    reset: `[t]` bool, the slots that start anew.
    clock: how far the slots are when it starts.
    length: scalar int32, inner steps to do.
    seed: `[2]` int32, of fresh states and perturbations.
    data: inputs in the order of the pixels.
    variation: what they are to be varied by.
    data_sets: `[t]` int32, which of the group's `data_set_names` the slots
      learn from.
  """

  reset: tf.Tensor
  clock: SlotClock
  length: tf.Tensor
  seed: tf.Tensor
  data: TruncationData
  variation: TaskVariation
  data_sets: tf.Tensor


class Advance(NamedTuple):
  """What a truncation leads to.

  Attributes:
    gradient: `[n]`, averaged over the usable slots; zeros without any.
    slots: `Slots`, the next.
    metrics: `UnrollMetrics`, scalars: means over the usable slots; zeros
      without any.
    usable: scalar, the number of slots that count.
    by_data_set: `[n, m + 1]`, for each of the group's `data_set_names` the sums
      of the `m` metrics over its usable slots, and their number.
  """

  gradient: tf.Tensor
  slots: Slots
  metrics: UnrollMetrics
  usable: tf.Tensor
  by_data_set: tf.Tensor


class SlotGroup:
  """The task slots of one bucket, on all replicas.

  Args:
    config: the run.
    index: of the bucket in `config.tasks.buckets`.
    sampler: draws the bucket's tasks and their examples.
    trained: `[n]` bool, the meta-parameters that are trained.
    replicas: how many there are in sync; each has `config.slots` slots.
    jit_compile: whether XLA compiles the step by itself.
    slots_per_program: how many slots share a compiled program; None: all.

  Raises:
    ValueError: if inputs that are no images are to be rotated or shifted.
  """

  def __init__(
    self,
    config: MetaTrainConfig,
    index: int,
    sampler: TaskSampler,
    trained: np.ndarray,
    replicas: int = 1,
    jit_compile: bool = True,
    slots_per_program: int | None = None,
  ):
    if config.tasks.augmentation.moves_pixels:
      check_image_shape(sampler.input_size, sampler.image_shape)
    self.config, self._index, self._sampler = config, index, sampler
    self._replicas = replicas
    names = [each.name for each in sampler.data_sets]
    # Those of a synthetic family share a name.
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
    self.estimator: Estimator = get_estimator(
      config.estimator, config.rule, len(config.inner_learning_rates), trained
    )
    if slots_per_program is None:
      slots_per_program = config.slots
    self._programs = SlotPrograms(
      self.estimator, self.task, slots_per_program, jit_compile
    )

    def compiled(function, alone=True):
      return tf.function(
        function, jit_compile=jit_compile and alone, autograph=False
      )

    # XLA would make one program of several that it compiles together.
    self.compiled_step = compiled(
      self.advance, alone=slots_per_program >= config.slots
    )
    self._compiled_inputs = compiled(self._inputs)
    self._compiled_average = compiled(self._average)

  @property
  def name(self) -> str:
    """Units, activation and inputs, for people."""
    units = "-".join(map(str, self.bucket.units))
    return f"{units} {self.bucket.activation}, {self.task.input_size} inputs"

  @property
  def trace_count(self) -> int:
    """How often the step was traced."""
    return self.compiled_step.experimental_get_tracing_count()

  def new_slots(self) -> Slots:
    """Slots of one replica that never ran."""
    slots = self.config.slots
    state = self.estimator.init(
      self.task, tf.constant([self.config.seed, 0]), slots
    )
    zeros = tf.zeros([slots], tf.int32)
    return Slots(tf.nest.map_structure(tf.zeros_like, state), zeros + 1, zeros)

  def plan(self, truncation: int, book: np.ndarray) -> TruncationPlan:
    """Plans a truncation; a function of its arguments.

    Args:
      truncation: how many the run had before, over all buckets.
      book: `[3, r * t]`, where the slots of all replicas stand; the arrays of
        a `SlotBook`.

    Returns:
      `TruncationPlan` of the slots of all replicas.
    """
    config = self.config
    return plan_truncation(
      SlotBook(*book),
      (config.min_truncation, config.unroll.max_steps),
      (config.min_horizon, config.max_horizon),
      config.unroll.evaluate_every,
      config.seed,
      truncation,
    )

  def draw(
    self, truncation: int, plan: TruncationPlan, replicas: Sequence[int]
  ) -> dict[int, Truncation]:
    """Draws what some replicas need; a function of its arguments.

    Args:
      truncation: as it was planned for.
      plan: of `plan`.
      replicas: numbers of the replicas to draw for.

    Returns:
      `Truncation` by the number of the replica.
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
    """A truncation of all slots of one replica; a pure function.

    Args:
      parameters: `[n]`, what is meta-learned.
      slots: where the slots stand.
      truncation: what to do.

    Returns:
      `Advance`.
    """
    estimate = self._programs(
      parameters, self._compiled_inputs(slots, truncation), truncation.length
    )
    return self._compiled_average(estimate, slots.lost, truncation.data_sets)

  def _inputs(self, slots: Slots, truncation: Truncation) -> SlotInputs:
    """What the slots start the truncation from."""
    config = self.config
    data = vary_truncation(
      truncation.data,
      truncation.variation,
      self._sampler.image_shape,
      config.tasks.augmentation,
      config.tasks.regress_augmentation,
    )
    fresh = self.estimator.init(self.task, truncation.seed, config.slots)
    reset = truncation.reset | (slots.anew > 0)
    return SlotInputs(
      _choose(reset, fresh, slots.state),
      truncation.clock,
      data,
      split_seeds(truncation.seed, config.slots),
    )

  def _average(
    self, estimate: Estimate, lost: tf.Tensor, data_sets: tf.Tensor
  ) -> Advance:
    """From the estimates of all slots to what they lead to together."""
    average = average_slots(
      estimate.gradients, estimate.metrics.loss, self.config.slot_clip_norm
    )
    usable = average.usable
    ones = tf.cast(usable, average.gradient.dtype)
    count = tf.reduce_sum(ones)
    kept = [
      tf.where(usable, values, tf.zeros_like(values))
      for values in estimate.metrics
    ]
    # Where, not a product: zero times infinity is not a number, and on TPUs a
    # matrix product would be rounded.
    is_own = tf.equal(data_sets[:, tf.newaxis], range(len(self.data_set_names)))
    numbers = tf.stack([*kept, ones], 1)[:, tf.newaxis]
    by_data_set = tf.reduce_sum(
      tf.where(is_own[:, :, tf.newaxis], numbers, tf.zeros_like(numbers)),
      axis=0,
    )

    # A lost slot keeps its place among ages, but starts from fresh weights.
    return Advance(
      average.gradient,
      Slots(
        estimate.state,
        anew=tf.cast(~usable, tf.int32),
        lost=lost + tf.cast(~usable, tf.int32),
      ),
      UnrollMetrics(
        *(tf.reduce_sum(values) / tf.maximum(count, 1) for values in kept)
      ),
      count,
      by_data_set,
    )


def _choose(mask, yes, no):
  """Slot by slot one of two structures of `[t, ...]` tensors."""

  def choose(one, other):
    trailing = [1] * (one.shape.rank - 1)
    return tf.where(tf.reshape(mask, [-1, *trailing]), one, other)

  return tf.nest.map_structure(choose, yes, no)
