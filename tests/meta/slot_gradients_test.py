# SPDX-License-Identifier: Apache-2.0
"""Tests that one bad task slot does not spoil the others' gradient."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.slot_gradients import average_slots


def draw():
  """Gradients of four slots, of norms between 1 and 5."""
  generator = np.random.default_rng(0)
  return [
    generator.normal(size=(4, 2, 3)),
    generator.normal(size=(4,)),
    generator.normal(size=(4, 5)),
  ]


def slot_norm(gradients, slot):
  return np.sqrt(sum((each[slot] ** 2).sum() for each in gradients))


def clipped_mean(gradients, slots, clip_norm):
  """Twin in NumPy: slot by slot, then the mean."""
  means = [np.zeros(each.shape[1:]) for each in gradients]
  for slot in slots:
    factor = min(1.0, clip_norm / slot_norm(gradients, slot))
    for mean, each in zip(means, gradients):
      mean += factor * each[slot] / len(slots)
  return means


def average(gradients, losses=(1.0, 1.0, 1.0, 1.0), clip_norm=2.0):
  return average_slots(
    [tf.constant(each) for each in gradients],
    tf.constant(losses, tf.float64),
    clip_norm,
  )


def assert_equal_lists(actual, expected):
  assert len(actual) == len(expected)
  for one, other in zip(actual, expected):
    np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)


def test_every_slot_is_clipped_by_itself_then_averaged():
  gradients = draw()
  norms = [slot_norm(gradients, slot) for slot in range(4)]
  clip_norm = float(np.median(norms))
  assert min(norms) < clip_norm < max(norms)
  result = average(gradients, clip_norm=clip_norm)
  np.testing.assert_allclose(result.norms, norms)
  assert result.usable.numpy().all()
  assert_equal_lists(
    result.gradients, clipped_mean(gradients, range(4), clip_norm)
  )


def test_nothing_is_clipped_below_the_norm():
  gradients = draw()
  result = average(gradients, clip_norm=100.0)
  assert_equal_lists(
    result.gradients, [each.mean(axis=0) for each in gradients]
  )


def test_an_exploding_slot_has_no_more_weight_than_the_clip_norm():
  gradients = draw()
  for each in gradients:
    each[2] *= 1e12
  result = average(gradients)
  assert result.usable.numpy().all()
  assert_equal_lists(result.gradients, clipped_mean(gradients, range(4), 2.0))
  others = clipped_mean(gradients, [0, 1, 3], 2.0)
  difference = np.sqrt(
    sum(
      ((one.numpy() - 0.75 * other) ** 2).sum()
      for one, other in zip(result.gradients, others)
    )
  )
  np.testing.assert_allclose(difference, 2.0 / 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_slot_with_a_bad_gradient_is_left_out(bad):
  gradients = draw()
  gradients[1][1] = bad
  result = average(gradients)
  assert result.usable.numpy().tolist() == [True, False, True, True]
  assert not np.isfinite(result.norms[1])
  assert_equal_lists(result.gradients, clipped_mean(gradients, [0, 2, 3], 2.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_slot_with_a_bad_loss_is_left_out(bad):
  gradients = draw()
  result = average(gradients, losses=(1.0, 1.0, bad, 1.0))
  assert result.usable.numpy().tolist() == [True, True, False, True]
  assert_equal_lists(result.gradients, clipped_mean(gradients, [0, 1, 3], 2.0))


def test_all_slots_bad_is_zeros():
  gradients = draw()
  gradients[0][:2] = np.nan
  result = average(gradients, losses=(1.0, 1.0, np.inf, np.nan))
  assert not result.usable.numpy().any()
  for each in result.gradients:
    np.testing.assert_array_equal(each, 0)


def test_zero_gradients_count_as_usable():
  gradients = draw()
  for each in gradients:
    each[0] = 0
  result = average(gradients)
  assert result.usable.numpy().all()
  others = clipped_mean(gradients, [1, 2, 3], 2.0)
  assert_equal_lists(result.gradients, [0.75 * each for each in others])
