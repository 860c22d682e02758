# SPDX-License-Identifier: Apache-2.0
"""Tests that one bad task slot does not spoil the others' gradient."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.slots.average import average_slots


def draw():
  """Gradients of four slots, of different norms."""
  return np.random.default_rng(0).normal(size=(4, 12))


def clipped_mean(gradients, slots, clip_norm):
  """Twin in NumPy: slot by slot, then the mean."""
  mean = np.zeros(gradients.shape[1])
  for slot in slots:
    factor = min(1.0, clip_norm / np.linalg.norm(gradients[slot]))
    mean += factor * gradients[slot] / len(slots)
  return mean


def average(gradients, losses=(1.0, 1.0, 1.0, 1.0), clip_norm=2.0):
  return average_slots(
    tf.constant(gradients), tf.constant(losses, tf.float64), clip_norm
  )


def assert_close(actual, expected):
  np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-15)


def test_every_slot_is_clipped_by_itself_then_averaged():
  gradients = draw()
  norms = np.linalg.norm(gradients, axis=1)
  clip_norm = float(np.median(norms))
  assert min(norms) < clip_norm < max(norms)
  result = average(gradients, clip_norm=clip_norm)
  np.testing.assert_allclose(result.norms, norms)
  assert result.usable.numpy().all()
  assert_close(result.gradient, clipped_mean(gradients, range(4), clip_norm))


def test_nothing_is_clipped_below_the_norm():
  gradients = draw()
  result = average(gradients, clip_norm=100.0)
  assert_close(result.gradient, gradients.mean(axis=0))


def test_an_exploding_slot_has_no_more_weight_than_the_clip_norm():
  gradients = draw()
  gradients[2] *= 1e12
  result = average(gradients)
  assert result.usable.numpy().all()
  assert_close(result.gradient, clipped_mean(gradients, range(4), 2.0))
  others = clipped_mean(gradients, [0, 1, 3], 2.0)
  difference = np.linalg.norm(result.gradient - 0.75 * others)
  np.testing.assert_allclose(difference, 2.0 / 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_slot_with_a_bad_gradient_is_left_out(bad):
  gradients = draw()
  gradients[1, 7] = bad
  result = average(gradients)
  assert result.usable.numpy().tolist() == [True, False, True, True]
  assert not np.isfinite(result.norms[1])
  assert_close(result.gradient, clipped_mean(gradients, [0, 2, 3], 2.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_slot_with_a_bad_loss_is_left_out(bad):
  gradients = draw()
  result = average(gradients, losses=(1.0, 1.0, bad, 1.0))
  assert result.usable.numpy().tolist() == [True, True, False, True]
  assert_close(result.gradient, clipped_mean(gradients, [0, 1, 3], 2.0))


def test_all_slots_bad_is_zeros():
  gradients = draw()
  gradients[:2, 0] = np.nan
  result = average(gradients, losses=(1.0, 1.0, np.inf, np.nan))
  assert not result.usable.numpy().any()
  np.testing.assert_array_equal(result.gradient, 0)


def test_zero_gradients_count_as_usable():
  gradients = draw()
  gradients[0] = 0
  result = average(gradients)
  assert result.usable.numpy().all()
  others = clipped_mean(gradients, [1, 2, 3], 2.0)
  assert_close(result.gradient, 0.75 * others)
