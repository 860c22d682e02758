# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.optimizers.rate_schedule`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.optimizers import LogLinearRate, scheduled_rate


def test_schedule_is_linear_in_the_logarithm():
  knots = [0.1, 0.01, 0.03]
  progress = np.linspace(-0.5, 1.5, 41)
  expected = np.exp(np.interp(progress, [0, 0.5, 1], np.log(knots)))
  actual = scheduled_rate(tf.constant(knots, tf.float64), tf.constant(progress))
  np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_one_knot_is_a_constant():
  np.testing.assert_allclose(scheduled_rate([0.03], 0.7), 0.03, rtol=1e-6)


def test_knots_per_task():
  knots = tf.constant([[0.1, 0.01], [0.2, 0.3]], tf.float64)
  actual = scheduled_rate(knots, tf.constant([0.25, 0.75], tf.float64))
  expected = [0.1**0.75 * 0.01**0.25, 0.2**0.25 * 0.3**0.75]
  np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_a_keras_schedule_of_steps():
  knots = (0.1, 0.01, 0.03)
  schedule = LogLinearRate(knots, 20)
  for step in (0, 3, 10, 17, 20, 500):
    expected = np.exp(np.interp(step / 20, [0, 0.5, 1], np.log(knots)))
    for given in (step, tf.constant(step, tf.int64)):
      np.testing.assert_allclose(schedule(given), expected, rtol=1e-6)


def test_an_optimizer_counts_its_steps():
  optimizer = keras.optimizers.SGD(LogLinearRate([0.1, 0.001], 4))
  rates = []
  variable = keras.Variable(0.0)
  for _ in range(6):
    before = float(variable.value)
    optimizer.apply([tf.constant(1.0)], [variable])
    rates.append(before - float(variable.value))
  expected = 0.1 ** (1 + np.minimum(np.arange(6), 4) / 2)
  np.testing.assert_allclose(rates, expected, rtol=1e-4)


def test_serialization_round_trip():
  schedule = LogLinearRate((0.1, 0.01), 7)
  config = keras.optimizers.schedules.serialize(schedule)
  assert config["registered_name"] == "lurl_tf>LogLinearRate"
  again = keras.optimizers.schedules.deserialize(config)
  assert (again.knots, again.decay_steps) == ((0.1, 0.01), 7)


@pytest.mark.parametrize(
  ("knots", "decay_steps", "field"),
  [
    ([], 5, "knots"),
    ([0.1, 0.0], 5, "knots"),
    ([0.1, float("nan")], 5, "knots"),
    ([float("inf")], 5, "knots"),
    ([0.1], 0, "decay_steps"),
    ([0.1], -3, "decay_steps"),
  ],
)
def test_bad_arguments_are_named(knots, decay_steps, field):
  with pytest.raises(ValueError, match=f"Received: {field}="):
    LogLinearRate(knots, decay_steps)
