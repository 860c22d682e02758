# SPDX-License-Identifier: Apache-2.0
"""Tests of what a permutation of the inputs changes, and what it does not."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.episodes import TaskSampler
from tests import tiny_meta

CONFIG = UnrollConfig(max_steps=2)


@pytest.fixture(scope="module", name="truncations")
def fixture_truncations():
  """The same draws with two permutations, and in the order of the pixels."""
  episodes = dataclasses.replace(
    tiny_meta.make_config().tasks.buckets[0].episodes, permute_inputs=False
  )
  sampler = TaskSampler(tiny_meta.make_examples(), episodes)
  data, variation = draw_truncation(
    sampler, CONFIG, "float64", np.array([1, 1]), 0
  )
  truncations = [data]
  for seed in (1, 2):
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(tiny_meta.INPUTS) for _ in range(2)]
    permuted = variation._replace(permutations=tf.constant(orders, tf.int32))
    truncations.append(
      vary_truncation(data, permuted, (3, 4, 1), AugmentationConfig(), False)
    )
  return truncations


def test_the_objective_of_raw_inputs_is_unchanged(truncations):
  values = []
  for data in truncations:
    episodes = data.episodes
    values.append(
      lurl_tf.ridge_objective(
        episodes.support_inputs,
        episodes.support_targets,
        episodes.query_inputs,
        episodes.query_targets,
      )
    )
  plain, *permuted = values
  assert np.std(plain.loss) > 1e-3
  for value in permuted:
    for name in ("loss", "query_error", "penalty", "accuracy"):
      np.testing.assert_allclose(
        getattr(value, name), getattr(plain, name), rtol=1e-10
      )
  # The inputs are in another order indeed.
  one, other = (each.episodes.query_inputs for each in truncations[:2])
  assert np.any(one != other)
  np.testing.assert_array_equal(np.sort(one), np.sort(other))


@pytest.mark.parametrize("mixing", ["pooled", "published"])
def test_another_permutation_gives_another_phi(truncations, mixing):
  rule = tiny_meta.make_rule(tiny_meta.make_rule_config(mixing, "float64"))
  states = []
  for data in truncations:
    weights = initial_weights(
      tiny_meta.INPUTS, tiny_meta.UNITS, (0, 0), "float64"
    )
    for step in range(CONFIG.max_steps):
      batch = data.batches[step, 0]
      weights = lurl_tf.inner_step(rule, weights, batch, 0.1)
    states.append(weights)
  for index, state in enumerate(states):
    for other in states[index + 1 :]:
      for layer, other_layer in zip(state, other):
        assert np.abs(layer.kernel - other_layer.kernel).max() > 1e-4
        assert np.abs(layer.bias - other_layer.bias).max() > 1e-6
