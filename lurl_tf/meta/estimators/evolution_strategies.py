# SPDX-License-Identifier: Apache-2.0
"""Evolution strategies: gradients from differences of perturbed losses."""

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import particles
from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import Estimate, Estimator
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class EvolutionStrategies(Estimator):
  """Antithetic evolution strategies on truncations.

  Each pair unrolls from the state of its slot with theta + eps and theta - eps:

      gradient = mean over pairs of eps (L+ - L-) / (2 sigma**2)

  The slot continues with theta itself, in one more unroll. The estimate ignores
  the influence of theta through earlier truncations. It is biased, like
  truncated backpropagation, but the loss need not be smooth.

  Args:
    config: `EstimatorConfig` with `pairs`, `perturbation` and
      `clip_difference`.
    mask: `[n]` bool, the meta-parameters that are perturbed.
  """

  def __init__(self, config: EstimatorConfig, mask: np.ndarray):
    self._config, self._mask = config, mask

  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> InnerState:
    """See `Estimator.init`."""
    return task.init(seed, slots)

  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: InnerState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """See `Estimator.estimate`; metrics are those of theta itself."""
    config = self._config
    perturbations = particles.draw_perturbations(
      seeds,
      config.pairs,
      config.perturbation,
      self._mask,
      parameters.dtype,
    )
    result = particles.unroll_particles(
      task,
      parameters,
      perturbations,
      particles.repeat_slots(state, 2 * config.pairs),
      clock,
      data,
      length,
    )
    gradients = particles.project(
      perturbations,
      result.difference,
      config.perturbation,
      config.clip_difference,
    )
    next_state, metrics = task.unroll(parameters, state, clock, data, length)
    return Estimate(gradients, next_state, metrics)
