# SPDX-License-Identifier: Apache-2.0
"""All that an estimator sees of a task: how it starts and how it unrolls."""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.inner.flat_parameters import unflatten_parameters
from lurl_tf.meta.inner.optimizer_state import SlotOptimizer, fresh_optimizer
from lurl_tf.meta.inner.unroll import SlotState, TruncationData, unroll
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.structures import LayerWeights, RuleConfig


class InnerState(NamedTuple):
  """Where inner trainings stand; every array has a leading axis of tasks.

  Attributes:
    weights: phi, `LayerWeights` of every layer.
    optimizer_state: what the inner optimizers keep, or `()`.
  """

  weights: tuple[LayerWeights, ...]
  optimizer_state: SlotOptimizer | tuple[()] = ()


class SlotClock(NamedTuple):
  """How far inner trainings are when a truncation starts, each `[t]` int32.

  Attributes:
    age: inner steps done.
    horizon: inner steps after which the slot starts anew.
  """

  age: tf.Tensor
  horizon: tf.Tensor


@dataclasses.dataclass(frozen=True)
class TruncatedTask:
  """A batch of task slots of one architecture.

  Args:
    rule: the rule's sizes.
    config: how inner states advance and are scored.
    input_size: inputs of the base model.
    units: units of its layers, bottom first.
    activation: of its layers.
    inner_optimizer: makes the next weights of the rule's proposals.
  """

  rule: RuleConfig
  config: UnrollConfig
  input_size: int
  units: tuple[int, ...]
  activation: str = "relu"
  inner_optimizer: InnerOptimizerConfig = InnerOptimizerConfig()

  def init(self, seed: tf.Tensor, slots: int) -> InnerState:
    """Fresh inner states.

    Args:
      seed: `[2]` int32.
      slots: number of tasks `t`.

    Returns:
      `InnerState`.
    """
    seeds = tf.random.split(seed, num=slots, alg="philox")
    each = [
      initial_weights(self.input_size, self.units, row, self.rule.dtype)
      for row in tf.unstack(seeds, num=slots)
    ]
    weights = tf.nest.map_structure(lambda *rows: tf.stack(rows), *each)
    return InnerState(weights, fresh_optimizer(self.inner_optimizer, weights))

  def unroll(
    self,
    parameters: tf.Tensor,
    state: InnerState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
  ) -> tuple[InnerState, UnrollMetrics]:
    """Advances all slots by `length` inner steps; a pure function.

    Args:
      parameters: `[n]`, or `[t, n]` for meta-parameters of every slot's own;
        see `flatten_parameters`.
      state: where the slots stand.
      clock: how far they are.
      data: stacks for `config.max_steps` steps.
      length: scalar int32.

    Returns:
      The next inner states, and metrics `[t]`.
    """
    next_state, metrics = unroll(
      self.rule,
      self.config,
      unflatten_parameters(self.rule, parameters),
      SlotState(state.weights, *clock, state.optimizer_state),
      data,
      length,
      self.activation,
      inner_optimizer=self.inner_optimizer,
    )
    return InnerState(next_state.weights, next_state.optimizer_state), metrics
