# SPDX-License-Identifier: Apache-2.0
"""Tests that lost task slots spoil neither theta nor the others."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import TruncatedBackpropagation
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.slots.programs import SlotInputs, SlotPrograms
from tests import tiny_meta

pytestmark = pytest.mark.usefixtures("eager")


def make_config(**fields):
  own = {"units": (6,), "unroll": {"max_steps": 3}, "min_truncation": 1}
  return tiny_meta.make_config(**{**own, **fields})


def make_poisoned(bad, **fields):
  """Puts NaN into the batches of some slots: `bad` has a list per call."""
  trainer = tiny_meta.make_recorder(make_config(**fields))
  (group,) = trainer.groups
  step = group.compiled_step

  def spoilt(parameters, slots, truncation):
    bad_ones = bad[len(group.calls)] if len(group.calls) < len(bad) else []
    data = truncation.data
    batches = data.batches.numpy()
    batches[0, bad_ones, 0, 0] = np.nan
    data = data._replace(batches=tf.constant(batches))
    return step(parameters, slots, truncation._replace(data=data))

  group.compiled_step = spoilt
  return trainer


def test_bad_slots_are_skipped_and_counted():
  trainer = make_poisoned([[1], [], [0, 1]], slot_clip_norm=1e9)
  metrics = [trainer.train(1) for _ in range(3)]
  assert [each.skipped for each in metrics] == [1, 0, 2]
  for each, call in zip(metrics, trainer.calls):
    assert float(call.result.usable) == 3 - each.skipped
    assert np.isfinite(each).all()
    assert np.isfinite(call.result.gradient).all()
  for value in tiny_meta.theta_of(trainer):
    assert np.isfinite(value).all()
  np.testing.assert_array_equal(trainer.lost_slots, [[1, 2, 0]])


def test_other_slots_go_on_as_if_the_bad_one_were_not_there():
  trainer = make_poisoned([[1]], slot_clip_norm=1e9)
  trainer.train(1)
  parameters, _, truncation, result = trainer.calls[0]
  data = vary_truncation(
    truncation.data,
    truncation.variation,
    (3, 4, 1),
    trainer.config.tasks.augmentation,
    False,
  )
  task = trainer.groups[0].task
  compiled = SlotPrograms(TruncatedBackpropagation(), task, 3)
  inputs = SlotInputs(
    task.init(truncation.seed, 3),
    truncation.clock,
    data,
    tf.zeros([3, 2], tf.int32),
  )
  estimate = compiled(parameters, inputs, truncation.length)
  for mean, each in zip(
    (result.gradient, *result.metrics),
    (estimate.gradients, *estimate.metrics),
    strict=True,
  ):
    expected = (each[0] + each[2]) / 2
    np.testing.assert_allclose(
      mean, expected, atol=1e-5 * np.abs(expected).max() + 1e-7
    )
  for after, unrolled in zip(
    *map(tf.nest.flatten, (result.slots.state, estimate.state))
  ):
    for slot in (0, 2):
      np.testing.assert_allclose(after[slot], unrolled[slot], rtol=1e-5)


def test_a_lost_slot_starts_from_fresh_weights_but_keeps_its_place():
  trainer = make_poisoned([[1], []], min_horizon=9, max_horizon=9)
  trainer.train(2)
  _, slots, truncation, result = trainer.calls[1]
  np.testing.assert_array_equal(slots.restart, [0, 1, 0])
  assert not np.isfinite(slots.state.weights[0].kernel[1]).all()
  assert not truncation.reset.numpy().any()
  assert truncation.clock.age[1] > 0
  # From the same fresh weights as if it had been its turn to restart.
  again = trainer.groups[0]._advance(
    trainer.calls[1].parameters,
    slots._replace(restart=tf.zeros([3], tf.int32)),
    truncation._replace(reset=tf.constant([False, True, False])),
  )
  tiny_meta.assert_all_equal(again.slots.state, result.slots.state)
  np.testing.assert_array_equal(result.slots.restart, 0)


def test_nothing_is_learned_from_bad_slots_alone():
  """Not even what is left of Adam's momentum is applied."""
  trainer = make_poisoned([[], [0, 1, 2]], learn_inner_rates=True)
  trainer.train(1)
  theta, rates = tiny_meta.theta_of(trainer), trainer.inner_learning_rates
  metrics = trainer.train(1)
  assert (metrics.skipped, trainer.step) == (3, 2)
  assert metrics.gradient_norm == 0
  assert math.isnan(metrics.loss)
  tiny_meta.assert_all_equal(tiny_meta.theta_of(trainer), theta)
  assert trainer.inner_learning_rates == rates
  trainer.store()
  assert trainer.checkpoint.state.outer["learned"]["steps"] == 1


def test_after_a_run_of_lost_steps_theta_goes_back_with_a_smaller_rate():
  """Steps 5 to 7 lose two slots of three; steps 2 and 4 are remembered."""
  bad = [[]] * 4 + [[0, 1], [1, 2], [0, 2]]
  trainer = make_poisoned(bad, rollback_after=3, remember_every=2)
  seen = []
  trainer.train(
    8, lambda *each: seen.append((*each, trainer.parameters().numpy()))
  )
  metrics = [each for _, each, _ in seen]
  theta = [value for *_, value in seen]
  assert [each.rollbacks for each in metrics] == [0] * 6 + [1] * 2
  rates = [each.learning_rate for each in metrics]
  np.testing.assert_allclose(rates, [3e-3] * 7 + [1.5e-3])
  # What it was after step 4; on the way there it had moved.
  np.testing.assert_array_equal(theta[6], theta[3])
  assert np.abs(theta[5] - theta[3]).max() > 1e-4
  # All slots restart, and learning goes on.
  np.testing.assert_array_equal(trainer.calls[7].slots.restart, 1)
  assert 0 < np.abs(theta[7] - theta[6]).max() < 2e-3
  np.testing.assert_array_equal(trainer.lost_slots, [[2, 2, 2]])


def test_it_never_goes_back_if_told_so():
  trainer = make_poisoned([[0, 1, 2]] * 4, rollback_after=0, remember_every=1)
  trainer.train(4)
  assert trainer.train(1).rollbacks == 0
