# SPDX-License-Identifier: Apache-2.0
"""The interface of task slots for estimators: init and unroll."""

import dataclasses

import tensorflow as tf

from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.inner.flat_parameters import unflatten_parameters
from lurl_tf.meta.inner.optimizer_state import fresh_optimizer
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.unroll import TruncationData, unroll
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.structures import RuleConfig


@dataclasses.dataclass(frozen=True)
class TruncatedTask:
  """A batch of task slots of one architecture.

  Args:
    rule: `RuleConfig` with the sizes of the rule.
    config: `UnrollConfig` with the options of the unroll.
    input_size: Number of inputs of the base model.
    units: Units of its layers, bottom first.
    activation: Activation of its layers.
    inner_optimizer: Configuration of the inner optimizer.
  """

  rule: RuleConfig
  config: UnrollConfig
  input_size: int
  units: tuple[int, ...]
  activation: str = "relu"
  inner_optimizer: InnerOptimizerConfig = InnerOptimizerConfig()

  def init(self, seed: tf.Tensor, slots: int) -> InnerState:
    """Draws fresh inner states.

    Args:
      seed: `[2]` int32.
      slots: Number of tasks `t`.

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
      parameters: `[n]`, meta-parameters, see `flatten_parameters`; or `[t, n]`,
        a copy for every slot.
      state: `InnerState` of the slots.
      clock: `SlotClock` of the slots.
      data: `TruncationData` for `config.max_steps` steps.
      length: Scalar int32, inner steps to do.

    Returns:
      The next `InnerState`, and `UnrollMetrics`, each `[t]`.
    """
    return unroll(
      self.rule,
      self.config,
      unflatten_parameters(self.rule, parameters),
      state,
      clock,
      data,
      length,
      self.activation,
      inner_optimizer=self.inner_optimizer,
    )
