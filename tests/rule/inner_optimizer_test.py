# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.rule.inner_optimizer`."""

import numpy as np
import tensorflow as tf

from lurl_tf.rule.inner_optimizer import apply_changes, scheduled_rate
from lurl_tf.structures import LayerWeights


def layer(seed, *lead):
  generator = np.random.default_rng(seed)
  return LayerWeights(
    *(
      tf.constant(generator.normal(size=(*lead, *shape)))
      for shape in ((4, 3), (3,), (4, 3))
    )
  )


def test_decay_and_change_of_every_weight():
  weights, changes = layer(0), layer(1)
  (actual,) = apply_changes([weights], [changes], 0.1)
  for new, old, change in zip(actual, weights, changes):
    np.testing.assert_allclose(new, 0.9 * old - 0.1 * change, rtol=1e-12)


def test_a_rate_per_task():
  weights, changes = layer(0, 2), layer(1, 2)
  (together,) = apply_changes([weights], [changes], [0.1, 0.3])
  for task, rate in enumerate((0.1, 0.3)):
    one = LayerWeights(*(value[task] for value in weights))
    its_change = LayerWeights(*(value[task] for value in changes))
    (alone,) = apply_changes([one], [its_change], rate)
    for actual, expected in zip(together, alone):
      np.testing.assert_allclose(actual[task], expected, rtol=1e-12)


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
