# SPDX-License-Identifier: Apache-2.0
"""Tests of the loss of prototypical networks, and of training by it."""

import numpy as np
from scipy import special

from lurl_tf.baselines.networks.episodic_training import (
  PrototypeEpisode,
  _prototype_loss,
  train_by_episodes,
)
from tests.baselines.clusters import accuracy_of, make_clusters


def test_loss_is_that_of_the_formula():
  rng = np.random.default_rng(0)
  support, query = rng.normal(size=[3, 2, 4]), rng.normal(size=[3, 5, 4])

  def network(inputs, training):
    assert training
    return [None, 2 * inputs]

  prototypes = 2 * support.mean(axis=1)
  losses = []
  for label in range(3):
    for row in 2 * query[label]:
      distances = np.sum((row - prototypes) ** 2, axis=1) / 4
      losses.append(-special.log_softmax(-distances / 2)[label])
  actual = _prototype_loss(network, support, query)
  np.testing.assert_allclose(actual, np.mean(losses), rtol=1e-6)


def test_training_finds_the_inputs_that_matter():
  """Half of the inputs are noise of a size that hides the other half."""

  def noisy(rows, seed):
    inputs, labels = make_clusters(rows, seed, spread=0.02)
    noise = 0.7 * np.random.default_rng(seed + 50).normal(size=inputs.shape)
    return np.hstack([inputs, noise]).astype(np.float32), labels

  inputs, labels = noisy(400, 0)

  def draw_episode(number):
    rng = np.random.default_rng(number)
    rows = [
      rng.choice(np.flatnonzero(labels == k), 8, replace=False)
      for k in range(4)
    ]
    support, query = np.split(inputs[np.stack(rows)], [3], axis=1)
    return PrototypeEpisode(support, query)

  def accuracy(episodes, rate):
    features = train_by_episodes(
      draw_episode, 24, (16, 8), "relu", episodes, rate, seed=0
    )
    query, expected = noisy(200, 2)
    support, own = noisy(20, 1)
    means = np.stack([features(support)[own == k].mean(0) for k in range(4)])
    distances = np.sum((features(query)[:, None] - means) ** 2, axis=-1)
    return np.mean(distances.argmin(axis=1) == expected)

  assert accuracy(150, 1e-2) > accuracy(1, 1e-9) + 0.2


def test_features_of_clusters():
  inputs, labels = make_clusters(120)
  rows = np.stack([np.flatnonzero(labels == k) for k in range(4)])

  def draw_episode(number):
    own = np.random.default_rng(number).permuted(rows, axis=1)[:, :6]
    return PrototypeEpisode(inputs[own[:, :2]], inputs[own[:, 2:]])

  features = train_by_episodes(
    draw_episode, 12, (8, 5), "relu", 50, 1e-2, seed=0
  )
  assert [x.shape[1] for x in features.layers(inputs)] == [8, 5]
  assert accuracy_of(features) > 0.9
