# SPDX-License-Identifier: Apache-2.0
"""Antithetic pairs of perturbed inner trainings, all in one unroll.

A particle is a copy of a task slot with perturbed meta-parameters. The
particles of all slots are folded into the axis of tasks: slot by slot, pair by
pair, the one with the perturbation added before the one with it subtracted.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.truncated_task import SlotClock, TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.random_numbers import normal


class Particles(NamedTuple):
  """What an unroll of all particles leads to.

  Attributes:
    difference: `[t, p]`, the loss of the particle with the perturbation added
      less that of the other one.
    state: the particles' inner states, arrays of `[t, 2 * p, ...]`.
    metrics: `UnrollMetrics`, `[t]`, means over the particles.
  """

  difference: tf.Tensor
  state: Any
  metrics: UnrollMetrics


def draw_perturbations(
  seeds: tf.Tensor, pairs: int, stddev: float, mask: np.ndarray, dtype: str
) -> tf.Tensor:
  """Random directions, a seed's own whatever the other seeds are.

  Args:
    seeds: `[t, 2]` int32.
    pairs: of particles, `p`.
    stddev: standard deviation of every number.
    mask: `[n]` bool, the numbers that are perturbed.
    dtype: float type.

  Returns:
    `[t, p, n]`, zeros where the mask is not set.
  """
  each = stddev * tf.stack(
    [normal([pairs, len(mask)], seed, dtype) for seed in tf.unstack(seeds)]
  )
  return tf.where(mask, each, tf.zeros_like(each))


def repeat_slots(values: Any, particles: int) -> Any:
  """Arrays `[t, ...]` as `[t, particles, ...]`, the same for all particles."""
  return tf.nest.map_structure(
    lambda value: tf.repeat(value[:, tf.newaxis], particles, axis=1), values
  )


def unroll_particles(
  task: TruncatedTask,
  parameters: tf.Tensor,
  perturbations: tf.Tensor,
  state: Any,
  clock: SlotClock,
  data: TruncationData,
  length: tf.Tensor,
) -> Particles:
  """Advances both particles of every pair of every slot.

  Args:
    task: how slots unroll.
    parameters: `[n]`.
    perturbations: `[t, p, n]`.
    state: the particles' inner states, arrays of `[t, 2 * p, ...]`.
    clock: of the slots.
    data: of the slots; all particles of a slot see the same.
    length: scalar int32, inner steps.

  Returns:
    `Particles`.
  """
  slots, pairs, size = perturbations.shape
  particles = 2 * pairs
  perturbed = parameters + tf.stack([perturbations, -perturbations], axis=2)

  def fold(value):
    return tf.reshape(value, [slots * particles, *value.shape[2:]])

  def unfold(value):
    return tf.reshape(value, [slots, particles, *value.shape[1:]])

  next_state, metrics = task.unroll(
    tf.reshape(perturbed, [slots * particles, size]),
    tf.nest.map_structure(fold, state),
    SlotClock(*(tf.repeat(each, particles) for each in clock)),
    tf.nest.map_structure(
      lambda stack: tf.repeat(stack, particles, axis=1), data
    ),
    length,
  )
  losses = tf.reshape(metrics.loss, [slots, pairs, 2])
  return Particles(
    losses[..., 0] - losses[..., 1],
    tf.nest.map_structure(unfold, next_state),
    UnrollMetrics(
      *(tf.reduce_mean(unfold(metric), axis=1) for metric in metrics)
    ),
  )


def project(
  directions: tf.Tensor,
  differences: tf.Tensor,
  stddev: float,
  clip_difference: float,
) -> tf.Tensor:
  """Gradients from differences along directions, a mean over the pairs.

  Args:
    directions: `[t, p, n]`.
    differences: `[t, p]`, of the pairs' losses.
    stddev: of the perturbations.
    clip_difference: largest difference that counts; 0: any.

  Returns:
    `[t, n]`.
  """
  if clip_difference:
    clipped = tf.clip_by_value(differences, -clip_difference, clip_difference)
    # What is not finite stays so: the trainer leaves the slot out.
    differences = tf.where(tf.math.is_finite(differences), clipped, differences)
  pairs = directions.shape[1]
  total = tf.einsum("tpn,tp->tn", directions, differences)
  return total / (2 * stddev**2 * pairs)
