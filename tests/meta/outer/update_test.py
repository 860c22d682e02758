# SPDX-License-Identifier: Apache-2.0
"""Tests of the outer update, against Keras's own Adam."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.outer.update import initial_state, learning_rate, outer_update
from tests import tiny_meta

SIZE = 9  # Seven meta-parameters, and two knots of the inner rate.


def make_config(**fields):
  return tiny_meta.make_config(**{"clip_norm": 1e9, **fields})


def start(dtype="float64"):
  values = np.random.default_rng(0).normal(size=SIZE)
  values[-2:] = np.log([0.3, 0.1])
  return initial_state(tf.constant(values, dtype))


def draw_gradients(steps):
  return np.random.default_rng(1).normal(size=(steps, SIZE))


def run(config, gradients, shares=None, trained=None, dtype="float64"):
  """The states after each of several outer steps."""
  state, steps = start(dtype), []
  trained = np.ones(SIZE, bool) if trained is None else trained
  shares = [1.0] * len(gradients) if shares is None else shares
  for gradient, share in zip(gradients, shares, strict=True):
    steps.append(
      outer_update(
        config,
        trained,
        state,
        tf.constant(gradient, dtype),
        tf.constant(share, dtype),
      )
    )
    state = steps[-1].state
  return steps


@pytest.mark.parametrize(
  "fields",
  [{}, {"clip_norm": 0.5}, {"decay_steps": 4}],
  ids=["plain", "clipped", "decaying"],
)
def test_it_is_the_adam_of_keras(fields):
  config = make_config(learning_rate=0.03, **fields)
  rate = config.learning_rate
  if config.decay_steps:
    rate = keras.optimizers.schedules.CosineDecay(rate, 4, alpha=0.1)
  adam = keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm)
  variable = tf.Variable(start("float32").learned.parameters)
  gradients = draw_gradients(6)
  for gradient, step in zip(gradients, run(config, gradients, dtype="float32")):
    adam.apply([tf.constant(gradient, tf.float32)], [variable])
    np.testing.assert_allclose(
      step.state.learned.parameters, variable, rtol=2e-6, atol=1e-7
    )
    norm = np.linalg.norm(gradient)
    np.testing.assert_allclose(step.gradient_norm, norm, rtol=1e-6)
  assert int(step.state.learned.steps) == int(adam.iterations) == 6


def test_what_is_not_trained_stays_and_does_not_count():
  trained = np.arange(SIZE) % 3 > 0
  gradients = draw_gradients(3)
  steps = run(make_config(), gradients, trained=trained)
  before, after = start().learned.parameters, steps[-1].state.learned.parameters
  np.testing.assert_array_equal(np.equal(before, after), ~trained)
  norm = np.linalg.norm(gradients[0][trained])
  np.testing.assert_allclose(steps[0].gradient_norm, norm)


def test_inner_rates_are_clamped():
  """Adam's first step is as long as the learning rate, up or down."""
  gradient = np.array([1.0] * (SIZE - 2) + [1.0, -1.0])
  (step,) = run(make_config(learning_rate=20.0), [gradient])
  rates = np.exp(step.state.learned.parameters[-2:])
  np.testing.assert_allclose(rates, [1e-6, 1.0])
  others = step.state.learned.parameters[:-2] - start().learned.parameters[:-2]
  np.testing.assert_allclose(others, -20.0, rtol=1e-5)


def test_the_average_is_a_decaying_mean():
  config = make_config(average_decay=0.5)
  steps = run(config, draw_gradients(20))
  expected = start().learned.parameters.numpy()
  for number, step in enumerate(steps):
    decay = min(0.5, (1 + number) / (10 + number))
    parameters = step.state.learned.parameters.numpy()
    expected = decay * expected + (1 - decay) * parameters
    np.testing.assert_allclose(step.state.learned.average, expected)
  assert np.abs(expected - parameters).max() > 1e-4
  learned = run(make_config(), draw_gradients(2))[-1].state.learned
  np.testing.assert_array_equal(learned.average, learned.parameters)


def test_a_step_without_a_usable_slot_moves_nothing():
  first, second = run(
    make_config(), draw_gradients(2) * [[1], [0]], shares=[1.0, 0.0]
  )
  tiny_meta.assert_all_equal(first.state.learned, second.state.learned)
  assert (int(second.state.step), int(second.state.bad_steps)) == (2, 1)


def test_it_goes_back_after_bad_steps_in_a_row_only():
  config = make_config(rollback_after=2, remember_every=1)
  shares = [1.0, 0.4, 1.0, 0.4, 0.4, 1.0, 0.4, 0.4]
  steps = run(config, draw_gradients(8), shares)
  assert [bool(step.rolled_back) for step in steps] == [
    *[False] * 4,
    True,
    *[False] * 2,
    True,
  ]
  tiny_meta.assert_all_equal(steps[4].state.learned, steps[2].state.learned)
  tiny_meta.assert_all_equal(steps[7].state.learned, steps[5].state.learned)
  np.testing.assert_allclose(steps[-1].state.rate_scale, 0.25)
  assert int(steps[-1].state.rollbacks) == 2
  np.testing.assert_allclose(
    learning_rate(config, steps[-1].state), 3e-3 / 4, rtol=1e-6
  )


def test_without_a_good_step_it_goes_back_to_the_beginning():
  config = make_config(rollback_after=3, remember_every=2)
  steps = run(config, draw_gradients(3), [0.3] * 3)
  tiny_meta.assert_all_equal(steps[-1].state.learned, start().learned)
  assert not np.array_equal(
    steps[1].state.learned.parameters, start().learned.parameters
  )
