# SPDX-License-Identifier: Apache-2.0
"""All that an estimator sees of a task: how it starts and how it unrolls."""

import dataclasses

import tensorflow as tf

from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.slot_optimizer import SlotOptimizer, fresh_optimizer
from lurl_tf.meta.unroll import (
  MetaParameters,
  SlotState,
  TruncationData,
  UnrollConfig,
  UnrollMetrics,
  unroll,
)
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.structures import LayerWeights, RuleConfig


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

  def init(self, seed: tf.Tensor, slots: int) -> tuple[LayerWeights, ...]:
    """Fresh inner weights for all slots, with a leading axis of tasks."""
    seeds = tf.random.split(seed, num=slots, alg="philox")
    each = [
      initial_weights(self.input_size, self.units, row, self.rule.dtype)
      for row in tf.unstack(seeds, num=slots)
    ]
    return tf.nest.map_structure(lambda *rows: tf.stack(rows), *each)

  def init_optimizer(
    self, weights: tuple[LayerWeights, ...]
  ) -> SlotOptimizer | tuple[()]:
    """What the inner optimizer of slots keeps that start from weights."""
    return fresh_optimizer(self.inner_optimizer, weights)

  def unroll(
    self,
    parameters: MetaParameters,
    state: SlotState,
    data: TruncationData,
    length: tf.Tensor,
  ) -> tuple[SlotState, UnrollMetrics]:
    """Advances all slots by `length` inner steps; see `unroll.unroll`."""
    return unroll(
      self.rule,
      self.config,
      parameters,
      state,
      data,
      length,
      self.activation,
      inner_optimizer=self.inner_optimizer,
    )
