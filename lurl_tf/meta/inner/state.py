# SPDX-License-Identifier: Apache-2.0
"""State of inner trainings between truncations."""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.inner.optimizer_state import SlotOptimizer
from lurl_tf.structures import LayerWeights


class InnerState(NamedTuple):
  """State of inner trainings; every array has a leading axis of tasks.

  Attributes:
    weights: phi, `LayerWeights` of every layer.
    optimizer_state: State of the inner optimizers from `fresh_optimizer`, or
      `()`.
  """

  weights: tuple[LayerWeights, ...]
  optimizer_state: SlotOptimizer | tuple[()] = ()


class SlotClock(NamedTuple):
  """Progress of inner trainings at the start of a truncation, `[t]` int32 each.

  Attributes:
    age: Inner steps done.
    horizon: Inner steps after which the slot restarts.
  """

  age: tf.Tensor
  horizon: tf.Tensor
