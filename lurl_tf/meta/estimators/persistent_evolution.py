# SPDX-License-Identifier: Apache-2.0
"""Evolution strategies with particles that persist over truncations."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import particles
from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import Estimate, Estimator
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class PersistentState(NamedTuple):
  """State of persistent evolution strategies.

  Attributes:
    particles: `InnerState` of arrays `[t, 2 * p, ...]`.
    total: `[t, p, n]`, sum of the perturbations since the slot started.
  """

  particles: InnerState
  total: tf.Tensor


class PersistentEvolutionStrategies(Estimator):
  """Persistent evolution strategies (Vicol, Metz, Sohl-Dickstein 2021).

  Every particle keeps its inner state from one truncation to the next, and gets
  a new perturbation in each. The loss of a truncation depends on all
  perturbations so far, so their sum xi takes the place of the perturbation
  (algorithm 2 of the paper):

      gradient = mean over pairs of xi (L+ - L-) / (2 sigma**2)

  The mean over all truncations of an inner training is an unbiased estimate of
  the gradient of their mean loss, smoothed by the perturbations. Its variance
  grows with the number of truncations.

  Args:
    config: `EstimatorConfig` with `pairs`, `perturbation` and
      `clip_difference`.
    mask: `[n]` bool, the meta-parameters that are perturbed.
  """

  def __init__(self, config: EstimatorConfig, mask: np.ndarray):
    self._config, self._mask = config, mask

  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> PersistentState:
    """See `Estimator.init`; all particles of a slot start equal."""
    pairs = self._config.pairs
    return PersistentState(
      particles.repeat_slots(task.init(seed, slots), 2 * pairs),
      tf.zeros([slots, pairs, len(self._mask)], task.rule.dtype),
    )

  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: PersistentState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """See `Estimator.estimate`; metrics are means over the particles."""
    config = self._config
    perturbations = particles.draw_perturbations(
      seeds,
      config.pairs,
      config.perturbation,
      self._mask,
      parameters.dtype,
    )
    result = particles.unroll_particles(
      task, parameters, perturbations, state.particles, clock, data, length
    )
    total = state.total + perturbations
    gradients = particles.project(
      total, result.difference, config.perturbation, config.clip_difference
    )
    return Estimate(
      gradients, PersistentState(result.state, total), result.metrics
    )
