# SPDX-License-Identifier: Apache-2.0
"""The estimates of all slots, as one compiled program or as several.

An accelerator wants one program for all slots. A processor is faster with a
program per slot: as many run at once as it has cores, each on numbers that stay
in its core's cache, where one program for all would only spread its large
products over the cores.
"""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.estimators import Estimate, Estimator
from lurl_tf.meta.estimators.estimator import EstimatorState
from lurl_tf.meta.inner.truncated_task import SlotClock, TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class SlotInputs(NamedTuple):
  """What an estimate takes that every slot has of its own.

  Attributes:
    state: the estimator's, nested arrays `[t, ...]`.
    clock: how far the slots are.
    data: stacks for the truncation.
    seeds: `[t, 2]` int32, of random perturbations.
  """

  state: EstimatorState
  clock: SlotClock
  data: TruncationData
  seeds: tf.Tensor


class SlotPrograms:
  """An estimator's function of all slots, spread over programs.

  Args:
    estimator: of the gradients.
    task: how slots unroll.
    slots_per_program: how many slots share a program; of fewer slots, all do.
    jit_compile: whether XLA compiles the programs; without it each uses all
      cores, and they take turns, which spares memory.

  Call arguments:
    parameters: `[n]`, what is meta-learned.
    inputs: `SlotInputs` of all slots.
    length: scalar int32, the inner steps to do.

  Returns:
    `Estimate` of all slots; the same, but for rounding, however the slots are
    spread.
  """

  def __init__(
    self,
    estimator: Estimator,
    task: TruncatedTask,
    slots_per_program: int,
    jit_compile: bool = True,
  ):
    if slots_per_program < 1:
      raise ValueError(
        "`slots_per_program` must be positive. Received: "
        f"slots_per_program={slots_per_program}"
      )
    self._estimator, self._task = estimator, task
    self._slots_per_program = slots_per_program
    self._in_turn = not jit_compile
    # A graph would be copied into its caller for every program.
    kept_apart = {"_noinline": True} if task.config.without_xla else None
    # One function for all programs: traced and compiled once, or twice where
    # the last program has fewer slots.
    self._program = tf.function(
      self._estimate,
      jit_compile=jit_compile,
      autograph=False,
      experimental_attributes=kept_apart,
    )

  def __call__(
    self, parameters: tf.Tensor, inputs: SlotInputs, length: tf.Tensor
  ) -> Estimate:
    slots = inputs.seeds.shape[0]
    estimates = []
    for first in range(0, slots, self._slots_per_program):
      part = _take(inputs, slice(first, first + self._slots_per_program))
      before = tf.nest.flatten(estimates[-1:]) if self._in_turn else []
      with tf.control_dependencies(before):
        estimates.append(self._program(parameters, part, length))
    return tf.nest.map_structure(
      lambda *parts: tf.concat(parts, axis=0), *estimates
    )

  def _estimate(
    self, parameters: tf.Tensor, inputs: SlotInputs, length: tf.Tensor
  ) -> Estimate:
    return self._estimator.estimate(
      self._task,
      parameters,
      inputs.state,
      inputs.clock,
      inputs.data,
      length,
      inputs.seeds,
    )


def _take(inputs: SlotInputs, slots: slice) -> SlotInputs:
  state, clock, seeds = tf.nest.map_structure(
    lambda value: value[slots], (inputs.state, inputs.clock, inputs.seeds)
  )
  # The stacks of the data have the axis of steps before that of tasks.
  data = tf.nest.map_structure(lambda stack: stack[:, slots], inputs.data)
  return SlotInputs(state, clock, data, seeds)
