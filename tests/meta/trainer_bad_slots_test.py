# SPDX-License-Identifier: Apache-2.0
"""Tests that lost task slots spoil neither theta nor the others."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.task_variation import vary_truncation
from lurl_tf.meta.truncated_backpropagation import truncated_backpropagation
from tests import tiny_meta


@pytest.fixture(autouse=True)
def fixture_eager():
  with tiny_meta.eagerly():
    yield


def make_config(**fields):
  own = {"units": (6,), "unroll": {"max_steps": 3}, "min_truncation": 1}
  return tiny_meta.make_config(**{**own, **fields})


def make_poisoned(bad, **fields):
  """Puts NaN into the batches of some slots: `bad` has a list per call."""
  trainer = tiny_meta.make_recorder(make_config(**fields))
  (group,) = trainer.groups
  step = group.compiled_step

  def spoilt(parameters, state, reset, seed, data, *rest):
    batches = data.batches.numpy()
    batches[0, bad[len(group.calls)], 0, 0] = np.nan
    data = data._replace(batches=tf.constant(batches))
    return step(parameters, state, reset, seed, data, *rest)

  group.compiled_step = spoilt
  return trainer


def test_bad_slots_are_skipped_and_counted():
  trainer = make_poisoned([[1], [], [0, 2]], slot_clip_norm=1e9)
  metrics = [trainer.train(1) for _ in range(3)]
  assert [each.skipped for each in metrics] == [1, 0, 2]
  for each, (_, result) in zip(metrics, trainer.calls):
    assert float(result.usable) == 3 - each.skipped
    assert np.isfinite(each).all()
    for array in tf.nest.flatten((result.gradients, result.weights)):
      assert np.isfinite(array).all()
  for value in tiny_meta.theta_of(trainer):
    assert np.isfinite(value).all()


def test_other_slots_go_on_as_if_the_bad_one_were_not_there():
  trainer = make_poisoned([[1]], slot_clip_norm=1e9)
  trainer.train(1)
  arguments, result = trainer.calls[0]
  parameters, state, _, seed, data, length, variation = arguments
  data = vary_truncation(
    data, variation, (3, 4, 1), trainer.config.tasks.augmentation, False
  )
  task = trainer.groups[0].task
  fresh = task.init(seed, 3)
  estimate = truncated_backpropagation(
    task, parameters, state._replace(weights=fresh), data, length
  )
  for mean, each in zip(
    (*result.gradients, *result.metrics),
    (*tf.nest.flatten(estimate.gradients), *estimate.metrics),
    strict=True,
  ):
    expected = (each[0] + each[2]) / 2
    np.testing.assert_allclose(
      mean, expected, atol=1e-5 * np.abs(expected).max() + 1e-7
    )
  # The lost slot goes on from fresh weights.
  for after, unrolled, new in zip(
    *map(tf.nest.flatten, (result.weights, estimate.state.weights, fresh))
  ):
    np.testing.assert_array_equal(after[1], new[1])
    for slot in (0, 2):
      np.testing.assert_allclose(after[slot], unrolled[slot], rtol=1e-5)


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
  assert trainer.checkpoint.optimizer.iterations == 1


def test_a_lost_truncation_does_not_dilute_the_others():
  trainer = make_poisoned([[], [0, 1, 2]], accumulate=2)
  metrics = trainer.train(1)
  _, first = trainer.calls[0]
  assert metrics.skipped == 3
  np.testing.assert_allclose(metrics.loss, first.metrics.loss, rtol=1e-6)
  np.testing.assert_allclose(
    metrics.gradient_norm,
    tf.linalg.global_norm(first.gradients[:-1]),
    rtol=1e-5,
  )
