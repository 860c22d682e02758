# SPDX-License-Identifier: Apache-2.0
"""Imitation: regression of a rule's proposals on those of a teacher."""

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.rule.get import HAND_DESIGNED
from lurl_tf.structures import Activations, LayerWeights

SMALLEST_POWER = 1e-8


@dataclasses.dataclass(frozen=True)
class ImitationConfig:
  """Teacher of a rule, and the size of the proposals to learn.

  A learned rule limits every column of its proposals to a root mean square of
  about 1. Therefore it imitates only the directions of its teacher; their size
  is set here.

  Args:
    teacher: Name of a hand-designed rule that needs no labels.
    kernel_change: Root mean square of every column of the proposals for
      kernels.
    bias_change: Proposal for every bias. With the decay of the inner optimizer,
      biases converge to its negative: larger values make activity sparser.

  Raises:
    ValueError: If the teacher is unknown, or a number is out of range.
  """

  teacher: str = "soft_winner_take_all"
  kernel_change: float = 0.7
  bias_change: float = 0.25

  def __post_init__(self):
    teachers = [
      name for name, kind in HAND_DESIGNED.items() if not kind.needs_targets
    ]
    if self.teacher not in teachers:
      raise ValueError(
        f"`teacher` must be one of {', '.join(teachers)}. "
        f"Received: teacher={self.teacher!r}"
      )
    if not (self.kernel_change > 0 and math.isfinite(self.kernel_change)):
      raise ValueError(
        "`kernel_change` must be positive. "
        f"Received: kernel_change={self.kernel_change}"
      )
    if not math.isfinite(self.bias_change):
      raise ValueError(
        "`bias_change` must be finite. "
        f"Received: bias_change={self.bias_change}"
      )


def imitation_error(
  config: ImitationConfig,
  changes: Sequence[LayerWeights],
  weights: Sequence[LayerWeights],
  activations: Activations,
) -> tf.Tensor:
  """Squared error of proposals against those of the teacher.

  Args:
    config: `ImitationConfig` of the teacher.
    changes: Proposals, `LayerWeights` of every layer.
    weights: phi, `LayerWeights` of every layer.
    activations: `Activations` of one forward pass.

  Returns:
    `[...]`, the leading axes of the weights: mean over layers of the relative
    squared error of kernels plus the squared error of biases.
  """
  teacher = HAND_DESIGNED[config.teacher]()
  errors = []
  for own, taught in zip(changes, teacher(weights, activations), strict=True):
    target = config.kernel_change * _unit_columns(taught.kernel)
    for kernel in (own.kernel, own.backward_kernel):
      error = tf.reduce_mean(tf.square(kernel - target), axis=[-2, -1])
      errors.append(error / (2 * config.kernel_change**2))
    bias_error = tf.square(own.bias - config.bias_change)
    errors.append(tf.reduce_mean(bias_error, axis=-1))
  return tf.add_n(errors) / len(changes)


def _unit_columns(change):
  power = tf.reduce_mean(tf.square(change), axis=-2, keepdims=True)
  return change * tf.math.rsqrt(power + SMALLEST_POWER)
