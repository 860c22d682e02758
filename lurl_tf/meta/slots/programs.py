# SPDX-License-Identifier: Apache-2.0
"""The estimates of all slots, in one or several compiled programs.

GPUs and TPUs are fastest with one program for all slots. A CPU is faster with a
program per slot: one runs on each core, with arrays that stay in its cache,
while a single program would only spread its large products over the cores.
"""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.estimators import Estimate, Estimator
from lurl_tf.meta.estimators.estimator import EstimatorState
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class SlotInputs(NamedTuple):
  """Inputs of `Estimator.estimate` with an axis of slots.

  Attributes:
    state: State of the estimator, nested arrays `[t, ...]`.
    clock: `SlotClock` of the slots.
    data: `TruncationData` of the slots.
    seeds: `[t, 2]` int32, seeds of random perturbations.
  """

  state: EstimatorState
  clock: SlotClock
  data: TruncationData
  seeds: tf.Tensor


class SlotPrograms:
  """`Estimator.estimate` of all slots, spread over compiled programs.

  Args:
    estimator: `Estimator` of the meta-gradient.
    task: `TruncatedTask` of the slots.
    slots_per_program: Maximum number of slots in one program, at least 1.
    jit_compile: Whether programs are compiled with XLA. Without it each uses
      all cores, and they run in turn, which saves memory.

  Call arguments:
    parameters: `[n]`, meta-parameters.
    inputs: `SlotInputs` of all slots.
    length: Scalar int32, inner steps to do.

  Returns:
    `Estimate` of all slots; up to rounding it does not depend on
    `slots_per_program`.

  Raises:
    ValueError: If `slots_per_program` is not positive.
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
    # Otherwise the graph would be copied into its caller for every program.
    kept_apart = {"_noinline": True} if task.config.without_xla else None
    # All programs are one function: traced and compiled once, or twice if the
    # last program has fewer slots.
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
