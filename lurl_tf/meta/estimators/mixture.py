# SPDX-License-Identifier: Apache-2.0
"""Different estimators for two groups of meta-parameters."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators.estimator import (
  Estimate,
  Estimator,
  EstimatorState,
)
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import TruncationData


class MixtureState(NamedTuple):
  """States of both estimators.

  Attributes:
    differentiated: State of the backpropagation.
    evolved: State of the evolution strategy.
  """

  differentiated: EstimatorState
  evolved: EstimatorState


class Mixture(Estimator):
  """Backpropagation for most meta-parameters, evolution for a few.

  Backpropagation has little noise, but its gradient covers one truncation.
  Evolution strategies can cover whole inner trainings, but their noise grows
  with the number of perturbed meta-parameters. They suit a few meta-parameters
  with long-term effects, such as the inner learning rates.

  Args:
    differentiated: `Estimator` of the gradient outside the group.
    evolved: `Estimator` of the gradient of the group; it should perturb nothing
      else.
    group: `[n]` bool, the meta-parameters that are left to evolution.
  """

  def __init__(
    self, differentiated: Estimator, evolved: Estimator, group: np.ndarray
  ):
    self._differentiated, self._evolved = differentiated, evolved
    self._group = group

  def init(
    self, task: TruncatedTask, seed: tf.Tensor, slots: int
  ) -> MixtureState:
    """See `Estimator.init`; both start from the same inner weights."""
    return MixtureState(
      self._differentiated.init(task, seed, slots),
      self._evolved.init(task, seed, slots),
    )

  def estimate(
    self,
    task: TruncatedTask,
    parameters: tf.Tensor,
    state: MixtureState,
    clock: SlotClock,
    data: TruncationData,
    length: tf.Tensor,
    seeds: tf.Tensor,
  ) -> Estimate:
    """See `Estimator.estimate`; metrics are those of the backpropagation."""
    one, other = (
      estimator.estimate(task, parameters, own, clock, data, length, seeds)
      for estimator, own in (
        (self._differentiated, state.differentiated),
        (self._evolved, state.evolved),
      )
    )
    return Estimate(
      tf.where(self._group, other.gradients, one.gradients),
      MixtureState(one.state, other.state),
      one.metrics,
    )
