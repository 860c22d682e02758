# SPDX-License-Identifier: Apache-2.0
"""Inputs and results of a truncation of a bucket's task slots."""

from typing import NamedTuple

import tensorflow as tf

from lurl_tf.meta.estimators.estimator import EstimatorState
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.unroll import TruncationData
from lurl_tf.meta.inner.variation import TaskVariation
from lurl_tf.meta.metrics import DataSetSums, UnrollMetrics


class Slots(NamedTuple):
  """State of a bucket's task slots on one replica between two truncations.

  Attributes:
    state: State of the estimator, nested arrays `[t, ...]`.
    restart: `[t]` int32, 1 for slots that must restart because they never ran,
      or were lost to a loss or gradient that is not finite.
    lost: `[t]` int32, how often each slot was lost.
  """

  state: EstimatorState
  restart: tf.Tensor
  lost: tf.Tensor


class Truncation(NamedTuple):
  """Inputs of one truncation of a bucket on one replica.

  Attributes:
    reset: `[t]` bool, the slots that restart by plan.
    clock: `SlotClock` at the start.
    length: Scalar int32, inner steps to do.
    seed: `[2]` int32, seed of fresh states and perturbations.
    data: `TruncationData` with inputs in the order of the pixels.
    variation: `TaskVariation` of these inputs.
    data_sets: `[t]` int32, index of each slot's data set in the group's
      `data_set_names`.
  """

  reset: tf.Tensor
  clock: SlotClock
  length: tf.Tensor
  seed: tf.Tensor
  data: TruncationData
  variation: TaskVariation
  data_sets: tf.Tensor


class Advance(NamedTuple):
  """Result of a truncation.

  Attributes:
    gradient: `[n]`, averaged over the usable slots; zeros if there are none.
    slots: The next `Slots`.
    metrics: `UnrollMetrics` of scalars, means over the usable slots; zeros if
      there are none.
    usable: Scalar, number of usable slots.
    by_data_set: `DataSetSums` of the group's `data_set_names`.
  """

  gradient: tf.Tensor
  slots: Slots
  metrics: UnrollMetrics
  usable: tf.Tensor
  by_data_set: DataSetSums
