# SPDX-License-Identifier: Apache-2.0
"""Tests that a snapshot is what `inner_step` alone leads to."""

import numpy as np
import tensorflow as tf

import lurl_tf
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.draws import UnlabelledBatches
from lurl_tf.evaluation.protocol import stacked_initial_weights
from lurl_tf.evaluation.snapshots import take_snapshots
from lurl_tf.rule import get
from lurl_tf.structures import LabelledExamples

CONFIG = EvaluationConfig(
  units=(6, 4),
  batch_size=8,
  inner_steps=(0, 2, 5),
  learning_rates=(0.1,),
  horizon=2,
  initial_weights=1,
  seed=3,
)


def make_examples():
  generator = np.random.default_rng(0)
  inputs = generator.integers(0, 256, (40, 9)).astype(np.uint8)
  labels = np.repeat([0, 1], 20).astype(np.int32)
  return LabelledExamples(inputs, labels, ("a", "b"), (3, 3, 1))


def test_snapshots_are_states_of_one_training():
  examples, rule, steps = make_examples(), get("oja"), []
  snapshots = take_snapshots(rule, examples, CONFIG, steps.append)
  assert [each.inner_steps for each in snapshots] == [0, 2, 5]
  assert steps[-1] == 5
  weights = tf.nest.map_structure(
    lambda array: array[0], stacked_initial_weights(9, CONFIG)
  )
  # Inputs keep their order: a receptive field is to be an image.
  batches = UnlabelledBatches(examples.inputs, np.arange(9)[None], 8, seed=3)
  inputs = batches.stack(0, 5)[:, 0]
  pixels = {row.tobytes() for row in (examples.inputs / np.float32(255))}
  assert {row.tobytes() for row in inputs.reshape(-1, 9)} <= pixels
  for step in range(6):
    for snapshot in snapshots:
      if snapshot.inner_steps == step:
        for own, expected in zip(
          tf.nest.flatten(snapshot.weights), tf.nest.flatten(weights)
        ):
          np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6)
    if step < 5:
      weights = lurl_tf.inner_step(rule, weights, inputs[step], 0.1)


def test_features_are_those_of_one_batch():
  examples = make_examples()
  snapshot = take_snapshots(get("hebbian"), examples, CONFIG)[-1]
  found = snapshot.features(examples.inputs, "tanh")
  expected = lurl_tf.forward(
    snapshot.weights, (examples.inputs / 255).astype(np.float32), "tanh"
  ).features
  np.testing.assert_allclose(found, expected, atol=1e-6)
  assert found.shape == (40, 4)


def test_supervised_rules_see_labels():
  snapshots = take_snapshots(get("backpropagation"), make_examples(), CONFIG)
  change = snapshots[1].weights[0].kernel - snapshots[0].weights[0].kernel
  assert np.abs(change).max() > 0


def test_a_second_training_is_the_same():
  one, other = (
    take_snapshots(get("oja"), make_examples(), CONFIG) for _ in range(2)
  )
  for first, second in zip(tf.nest.flatten(one), tf.nest.flatten(other)):
    np.testing.assert_array_equal(first, second)
