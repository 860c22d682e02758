# SPDX-License-Identifier: Apache-2.0
"""Tests of prototypical networks on tasks of other data."""

import numpy as np
import pytest

from lurl_tf.baselines import PrototypicalNetworks
from lurl_tf.baselines.networks import prototypical_networks
from lurl_tf.tasks import EpisodeConfig, TaskSampler
from tests.baselines.clusters import accuracy_of, make_examples

EPISODES = EpisodeConfig(
  classes_per_task=3, support_per_class=2, query_per_class=4
)
SAMPLER = TaskSampler(make_examples(), EPISODES)
BASELINE = PrototypicalNetworks(units=(8, 6), episodes=30, learning_rate=1e-2)


def test_features_of_the_same_clusters():
  features = BASELINE.fit_tasks(SAMPLER)
  assert accuracy_of(features) > 0.9
  inputs = make_examples().inputs[:9]
  again, other = (BASELINE.fit_tasks(SAMPLER, seed) for seed in (0, 1))
  np.testing.assert_array_equal(features(inputs), again(inputs))
  assert np.any(features(inputs) != other(inputs))


@pytest.mark.parametrize("permute", [False, True])
def test_episodes_are_those_of_the_tasks(permute, monkeypatch):
  drawn = []

  def train(draw_episode, *_):
    drawn.extend(draw_episode(number) for number in range(3))

  monkeypatch.setattr(prototypical_networks, "train_by_episodes", train)
  PrototypicalNetworks(permute_inputs=permute).fit_tasks(SAMPLER, seed=5)
  orders = set()
  for number, own in enumerate(drawn):
    task = SAMPLER.task(5, number)
    episode = SAMPLER.episodes(task, 1, 5, number)
    assert own.support.shape == (3, 2, 12) and own.query.shape == (3, 4, 12)
    expected = episode.support_inputs[0, 0].reshape(3, 2, 12)
    # Which column of the task every column of the episode is.
    order = [
      int(np.argmin(np.abs(expected - own.support[..., [i]]).sum((0, 1))))
      for i in range(12)
    ]
    np.testing.assert_array_equal(expected[..., order], own.support)
    orders.add(tuple(order))
  assert len(orders) == (3 if permute else 1)
  if not permute:
    assert orders == {tuple(range(12))}


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: episodes=0"):
    PrototypicalNetworks(episodes=0)
