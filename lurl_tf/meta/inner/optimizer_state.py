# SPDX-License-Identifier: Apache-2.0
"""The inner optimizers of task slots between truncations."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.optimizers import FunctionalOptimizer, InnerOptimizerConfig
from lurl_tf.optimizers.functional import OptimizerState
from lurl_tf.structures import LayerWeights

DEFAULT_INNER_OPTIMIZER = InnerOptimizerConfig()


class SlotOptimizer(NamedTuple):
  """What the inner optimizer of all task slots keeps, if it keeps anything.

  Attributes:
    steps: `[t]` int32, steps since it was fresh. Not the slot's age: a slot
      that is lost gets a fresh optimizer, but stays in its phase.
    state: of the `FunctionalOptimizer`, with a leading axis of tasks.
  """

  steps: tf.Tensor
  state: OptimizerState


def fresh_optimizer(
  inner_optimizer: InnerOptimizerConfig, weights: Sequence[LayerWeights]
) -> SlotOptimizer | tuple[()]:
  """What the inner optimizer of fresh slots keeps.

  Args:
    inner_optimizer: the inner optimizer.
    weights: phi with a leading axis of tasks.

  Returns:
    `SlotOptimizer`, or `()` if the optimizer keeps nothing.
  """
  state = FunctionalOptimizer(inner_optimizer).init(weights)
  if not state:
    return ()
  return SlotOptimizer(tf.zeros(weights[0].bias.shape[:1], tf.int32), state)


def optimizer_parts(
  optimizer: FunctionalOptimizer, kept: SlotOptimizer | tuple[()]
) -> SlotOptimizer:
  """What slots keep, also if that is nothing.

  Args:
    optimizer: the inner optimizer.
    kept: from `fresh_optimizer`, or a truncation.

  Returns:
    `SlotOptimizer`, of 0 steps and `()` if the optimizer keeps nothing.

  Raises:
    ValueError: if `kept` is of another optimizer.
  """
  parts = kept or SlotOptimizer(0, ())
  if type(parts.state) is not optimizer.state_type:
    raise ValueError(
      "`optimizer_state` must be from `fresh_optimizer` of "
      f"{optimizer.config.name!r}. Received: optimizer_state={kept!r}"
    )
  return parts
