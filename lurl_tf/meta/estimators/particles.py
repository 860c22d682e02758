# SPDX-License-Identifier: Apache-2.0
"""Antithetic pairs of perturbed inner trainings, all in one unroll.

A particle is a copy of a task slot with perturbed meta-parameters. The
particles of all slots are folded into the axis of tasks: slot by slot, pair by
pair, theta + eps before theta - eps.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.metrics import UnrollMetrics
from lurl_tf.random_numbers import normal


class Particles(NamedTuple):
  """Result of an unroll of all particles.

  Attributes:
    difference: `[t, p]`, loss of theta + eps minus loss of theta - eps.
    state: Inner states of the particles, arrays of `[t, 2 * p, ...]`.
    metrics: `UnrollMetrics`, each `[t]`, means over the particles.
  """

  difference: tf.Tensor
  state: Any
  metrics: UnrollMetrics


def draw_perturbations(
  seeds: tf.Tensor, pairs: int, stddev: float, mask: np.ndarray, dtype: str
) -> tf.Tensor:
  """Draws random directions; those of a seed depend on that seed alone.

  Args:
    seeds: `[t, 2]` int32.
    pairs: Number of pairs of particles, `p`.
    stddev: Standard deviation of every number.
    mask: `[n]` bool, the meta-parameters that are perturbed.
    dtype: Float type.

  Returns:
    `[t, p, n]`, zeros where the mask is not set.
  """
  each = stddev * tf.stack(
    [normal([pairs, len(mask)], seed, dtype) for seed in tf.unstack(seeds)]
  )
  return tf.where(mask, each, tf.zeros_like(each))


def repeat_slots(values: Any, particles: int) -> Any:
  """Copies arrays for all particles of a slot.

  Args:
    values: Nested arrays `[t, ...]`.
    particles: Number of particles of a slot.

  Returns:
    Nested arrays `[t, particles, ...]`.
  """
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
    task: `TruncatedTask` of the slots.
    parameters: `[n]`, meta-parameters.
    perturbations: `[t, p, n]`.
    state: Inner states of the particles, arrays of `[t, 2 * p, ...]`.
    clock: `SlotClock` of the slots.
    data: `TruncationData` of the slots; all particles of a slot share it.
    length: Scalar int32, inner steps.

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
  """Estimates gradients from differences of losses along directions.

      gradient = mean over pairs of direction * difference / (2 stddev**2)

  Args:
    directions: `[t, p, n]`.
    differences: `[t, p]`, differences of the losses of each pair.
    stddev: Standard deviation of the perturbations.
    clip_difference: Limit of the differences; 0: no limit.

  Returns:
    `[t, n]`.
  """
  if clip_difference:
    clipped = tf.clip_by_value(differences, -clip_difference, clip_difference)
    # Infinite differences stay infinite, so that the trainer skips the slot.
    differences = tf.where(tf.math.is_finite(differences), clipped, differences)
  pairs = directions.shape[1]
  total = tf.einsum("tpn,tp->tn", directions, differences)
  return total / (2 * stddev**2 * pairs)
