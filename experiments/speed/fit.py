# SPDX-License-Identifier: Apache-2.0
"""Time of an inner step in `LocalRuleModel.fit`."""

import time

import keras
import numpy as np

import lurl_tf
from experiments.speed.cases import Case

STEPS_PER_EPOCH = 50


def time_fit(
  case: Case, steps: int = STEPS_PER_EPOCH, repetitions: int = 5
) -> float:
  """Times epochs of `LocalRuleModel.fit` on random inputs.

  Args:
    case: Sizes of the rule, the base model and the batches.
    steps: Number of inner steps per epoch.
    repetitions: Number of epochs.

  Returns:
    Median seconds of an inner step.
  """
  rule = lurl_tf.UpdateRule(case.rule, seed=0)
  model = lurl_tf.LocalRuleModel(case.units, rule, seed=0)
  model.compile()
  inputs = np.random.default_rng(0).random(
    (steps * case.batch_size, case.input_size), np.float32
  )
  options = {"batch_size": case.batch_size, "verbose": 0}
  model.fit(inputs[: case.batch_size], **options)  # Compiles.
  clock = _EpochClock()
  model.fit(inputs, epochs=repetitions, callbacks=[clock], **options)
  return float(np.median(clock.seconds)) / steps


class _EpochClock(keras.callbacks.Callback):
  """Seconds of every epoch."""

  def __init__(self):
    super().__init__()
    self.seconds = []

  def on_epoch_begin(self, epoch, logs=None):
    """Starts the clock."""
    self._began = time.perf_counter()

  def on_epoch_end(self, epoch, logs=None):
    """Stops the clock."""
    self.seconds.append(time.perf_counter() - self._began)
