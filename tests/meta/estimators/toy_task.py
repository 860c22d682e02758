# SPDX-License-Identifier: Apache-2.0
"""A task whose exact gradients are known: a linear recurrence.

Every slot has one number x, which starts at 0: x becomes 0.9 x + a + b / 2. The
loss of a step is (x - c)**2 / 2, with c of the slot's own; a truncation's is
the mean over its steps. It is quadratic: antithetic differences have no error.
"""

import types

import numpy as np
import tensorflow as tf

from lurl_tf.meta.estimators import split_seeds
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.metrics import UnrollMetrics

KEPT = 0.9
WEIGHTS = np.array([1.0, 0.5, 0.25])
TRAINED = np.array([True, True, False])
PARAMETERS = np.array([0.3, 0.2, 0.4])
TARGETS = np.array([9.0, -1.0])
SLOTS = len(TARGETS)


class ToyTask:
  """As much of a `TruncatedTask` as estimators use."""

  rule = types.SimpleNamespace(dtype="float64")

  def init(self, seed, slots):
    """Every slot starts at 0."""
    return (tf.zeros([slots], tf.float64),)

  def unroll(self, parameters, state, clock, data, length):
    """The recurrence; `data` is `[1, t]`, the targets."""
    (value,), losses = state, []
    drive = tf.reduce_sum(parameters * WEIGHTS, axis=-1)
    for _ in range(int(length)):
      value = KEPT * value + drive
      losses.append(tf.square(value - data[0]) / 2)
    loss = tf.add_n(losses) / len(losses)
    return (value,), UnrollMetrics(*[loss] * len(UnrollMetrics._fields))


def clock():
  zeros = tf.zeros([SLOTS], tf.int32)
  return SlotClock(zeros, zeros + 100)


def data():
  return tf.constant(TARGETS[np.newaxis])


def exact_gradients(truncations, length):
  """`[k, t, n]`: of each truncation's loss, full and as if it began a life."""
  drive = PARAMETERS @ WEIGHTS
  value, slope, full, truncated = np.zeros(SLOTS), 0.0, [], []
  for _ in range(truncations):
    short, losses, short_losses = 0.0, 0.0, 0.0
    for _ in range(length):
      value, slope, short = (
        KEPT * value + drive,
        KEPT * slope + 1,
        (KEPT * short + 1),
      )
      losses += (value - TARGETS) * slope / length
      short_losses += (value - TARGETS) * short / length
    full.append(losses[:, np.newaxis] * WEIGHTS)
    truncated.append(short_losses[:, np.newaxis] * WEIGHTS)
  return np.array(full), np.array(truncated)


def make_life(estimator, truncations, length):
  """A function of a seed: `[k, t, n]`, the estimates of one life."""
  task = ToyTask()

  def life(seed):
    state = estimator.init(task, tf.stack([seed, 0]), SLOTS)
    estimates = []
    for number in range(truncations):
      estimate = estimator.estimate(
        task,
        tf.constant(PARAMETERS),
        state,
        clock(),
        data(),
        length,
        split_seeds(tf.stack([seed, number + 1]), SLOTS),
      )
      state = estimate.state
      estimates.append(estimate.gradients)
    return tf.stack(estimates)

  function = tf.function(life, autograph=False)
  return lambda seed: function(tf.constant(seed)).numpy()
