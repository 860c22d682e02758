# SPDX-License-Identifier: Apache-2.0
"""Imitation: a rule's proposals are regressed on those of a teacher."""

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.rule.get import HAND_DESIGNED
from lurl_tf.structures import Activations, LayerWeights

SMALLEST_POWER = 1e-8


@dataclasses.dataclass(frozen=True)
class ImitationConfig:
  """Whom a rule imitates, and how large its proposals shall be.

  A learned rule limits every column of its proposals to a root mean square of
  about 1, so that it imitates a teacher's directions, at a size of its own.

  Args:
    teacher: name of a rule designed by hand, that needs no labels.
    kernel_change: root mean square of every column of the proposals for
      kernels.
    bias_change: the proposal for every bias. With the inner optimizer's decay,
      biases go to its negative: the larger, the sparser the activity.

  Raises:
    ValueError: if there is no such teacher, or a number is out of range.
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
  """How far proposals are from the teacher's.

  Args:
    config: the teacher.
    changes: the proposals, `LayerWeights` of every layer.
    weights: phi, that the proposals are for.
    activations: of one forward pass.

  Returns:
    `[...]`, the leading axes of the weights: the squared error of kernels,
    relative to the teacher's, and of biases, a mean over layers.
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
