# SPDX-License-Identifier: Apache-2.0
"""Tests of Hebb's rule against a twin in NumPy."""

import numpy as np
import pytest

import lurl_tf
from tests.rule import one_batch


@pytest.mark.parametrize("decay", [0.0, 0.7])
def test_twin(decay):
  weights, inputs = one_batch.draw_weights(), one_batch.draw_inputs()
  changes = one_batch.propose(lurl_tf.rule.Hebbian(decay), weights, inputs)
  expected = []
  for layer in one_batch.layer_arrays(weights, inputs):
    total = sum(
      np.outer(below - layer["x_below"].mean(0), above)
      for below, above in zip(layer["x_below"], layer["x"])
    )
    expected.append(decay * layer["W"] - total / one_batch.BATCH)
  one_batch.assert_kernels_only(changes, expected)


def test_correlated_units_are_wired_together():
  """A unit that is on with one input gets a larger weight from it."""
  inputs = np.random.default_rng(0).normal(size=(64, 6))
  weights = one_batch.draw_weights((1,))
  kernel = np.zeros((6, 1))
  kernel[2] = 1
  weights = (weights[0]._replace(kernel=kernel, bias=np.zeros(1)),)
  (stepped,) = lurl_tf.inner_step(
    lurl_tf.rule.Hebbian(), weights, inputs, learning_rate=0.5
  )
  change = stepped.kernel[:, 0] - kernel[:, 0] / 2
  assert np.argmax(change) == 2
  assert change[2] > 0.1


@pytest.mark.parametrize("decay", [-0.1, float("nan"), float("inf"), "1", None])
def test_bad_decay(decay):
  with pytest.raises(ValueError, match="`decay` must be .* Received: decay="):
    lurl_tf.rule.Hebbian(decay)
