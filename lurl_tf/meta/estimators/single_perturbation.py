# SPDX-License-Identifier: Apache-2.0
"""Evolution strategies with one perturbation per inner training."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import particles
from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import (
  Estimate,
  Estimator,
  split_seeds,
)
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.random_numbers import Stream

# Keeps the seeds of perturbations apart from those of inner weights.


class SinglePerturbationState(NamedTuple):
  """State of evolution strategies with one perturbation per inner training.

  Attributes:
    particles: `InnerState` of arrays `[t, 2 * p, ...]`.
    seeds: `[t, 2]` int32, seeds of the perturbations of each slot.
  """

  particles: InnerState
  seeds: tf.Tensor


class SinglePerturbationEvolution(Estimator):
  """ES-Single (Vicol 2023).

  Particles persist as in `PersistentEvolutionStrategies`, but keep the
  perturbation eps of the start of their slot:

      gradient = mean over pairs of eps (L+ - L-) / (2 sigma**2)

  The mean over all truncations of an inner training equals evolution strategies
  on the whole training. Its variance does not grow with the number of
  truncations, but a slot explores few directions until it restarts.

  Args:
    config: `EstimatorConfig` with `pairs`, `perturbation` and
      `clip_difference`.
    mask: `[n]` bool, the meta-parameters that are perturbed.
  """

  def __init__(self, config: EstimatorConfig, mask: np.ndarray):
    self._config, self._mask = config, mask

  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> SinglePerturbationState:
    """See `Estimator.init`; all particles of a slot start equal."""
    return SinglePerturbationState(
      particles.repeat_slots(task.init(seed, slots), 2 * self._config.pairs),
      split_seeds(
        tf.random.fold_in(seed, int(Stream.PERTURBATIONS), alg="philox"), slots
      ),
    )

  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: SinglePerturbationState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """See `Estimator.estimate`; metrics are means over the particles."""
    config = self._config
    perturbations = particles.draw_perturbations(
      state.seeds,
      config.pairs,
      config.perturbation,
      self._mask,
      parameters.dtype,
    )
    result = particles.unroll_particles(
      task, parameters, perturbations, state.particles, clock, data, length
    )
    gradients = particles.project(
      perturbations,
      result.difference,
      config.perturbation,
      config.clip_difference,
    )
    return Estimate(
      gradients, state._replace(particles=result.state), result.metrics
    )
