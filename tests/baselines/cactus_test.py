# SPDX-License-Identifier: Apache-2.0
"""Tests of CACTUs-ProtoNets."""

import dataclasses

import numpy as np
import pytest

from lurl_tf.baselines import CactusProtoNets, cactus
from tests.baselines.clusters import accuracy_of, check_seeds, make_clusters

BASELINE = CactusProtoNets(
  units=(8, 6), clusters=8, partitions=2, classes=4, episodes=30
)


def test_clusters_are_found():
  inputs, _ = make_clusters()
  larger = dataclasses.replace(BASELINE, units=(32, 16), episodes=300)
  assert accuracy_of(larger.fit(inputs)) > 0.9


def test_seeds():
  check_seeds(BASELINE, make_clusters()[0])


def test_classes_of_episodes_are_clusters(monkeypatch):
  """With clusters far apart, every pseudo-class is one of the true classes."""
  inputs, labels = make_clusters(120, spread=0.01)
  drawn = []

  def train(draw_episode, *_):
    drawn.extend(draw_episode(number) for number in range(10))

  monkeypatch.setattr(cactus, "train_by_episodes", train)
  BASELINE.fit(inputs)
  label_of = {tuple(row): label for row, label in zip(inputs, labels)}
  for episode in drawn:
    assert episode.support.shape[1:] == (1, 12)
    assert episode.query.shape[1:] == (5, 12)
    both = np.concatenate([episode.support, episode.query], axis=1)
    for rows in both:
      assert len({label_of[tuple(row)] for row in rows}) == 1
      assert len({tuple(row) for row in rows}) == 6


def test_too_few_examples_are_told():
  with pytest.raises(ValueError, match="Received: 9 examples"):
    BASELINE.fit(make_clusters(9)[0])


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: classes=1"):
    CactusProtoNets(classes=1)
