# SPDX-License-Identifier: Apache-2.0
"""State of inner optimizers between truncations."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.optimizers import FunctionalOptimizer, InnerOptimizerConfig
from lurl_tf.optimizers.functional import OptimizerState
from lurl_tf.structures import LayerWeights

DEFAULT_INNER_OPTIMIZER = InnerOptimizerConfig()


class SlotOptimizer(NamedTuple):
  """State of the inner optimizers of task slots, if they have a state.

  Attributes:
    steps: `[t]` int32, steps since the optimizer was fresh. This is not the age
      of the slot: a lost slot gets a fresh optimizer, but keeps its age.
    state: State of the `FunctionalOptimizer`, with a leading axis of tasks.
  """

  steps: tf.Tensor
  state: OptimizerState


def fresh_optimizer(
  inner_optimizer: InnerOptimizerConfig, weights: Sequence[LayerWeights]
) -> SlotOptimizer | tuple[()]:
  """State of the inner optimizers of fresh slots.

  Args:
    inner_optimizer: Configuration of the inner optimizer.
    weights: phi, with a leading axis of tasks.

  Returns:
    `SlotOptimizer`, or `()` if the optimizer has no state.
  """
  state = FunctionalOptimizer(inner_optimizer).init(weights)
  if not state:
    return ()
  return SlotOptimizer(tf.zeros(weights[0].bias.shape[:1], tf.int32), state)


def optimizer_parts(
  optimizer: FunctionalOptimizer, kept: SlotOptimizer | tuple[()]
) -> SlotOptimizer:
  """The `SlotOptimizer` of slots, also of optimizers without a state.

  Args:
    optimizer: The inner optimizer.
    kept: State from `fresh_optimizer` or a truncation.

  Returns:
    `SlotOptimizer`; of 0 steps and `()` if the optimizer has no state.

  Raises:
    ValueError: If `kept` belongs to another optimizer.
  """
  parts = kept or SlotOptimizer(0, ())
  if type(parts.state) is not optimizer.state_type:
    raise ValueError(
      "`optimizer_state` must be from `fresh_optimizer` of "
      f"{optimizer.config.name!r}. Received: optimizer_state={kept!r}"
    )
  return parts
