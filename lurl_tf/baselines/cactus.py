# SPDX-License-Identifier: Apache-2.0
"""CACTUs-ProtoNets: episodes of classes that k-means made up."""

import dataclasses
from typing import Self

import numpy as np
from sklearn.cluster import KMeans

from lurl_tf.activations import Activation
from lurl_tf.baselines.interface import Baseline
from lurl_tf.baselines.networks.episodic_training import (
  PrototypeEpisode,
  train_by_episodes,
)
from lurl_tf.baselines.principal_components import PrincipalComponents
from lurl_tf.checks import check_at_least, check_units
from lurl_tf.features import Features
from lurl_tf.random_numbers import Stream


@dataclasses.dataclass(frozen=True)
class CactusProtoNets(Baseline):
  """Prototypical networks on pseudo-labels (Hsu, Levine and Finn 2019).

  Their algorithm 1, small: several partitions of the unlabelled examples by
  k-means, each with its own random scaling of the dimensions of an embedding,
  here principal components; every episode takes one partition, and some of its
  clusters as classes.

  Args:
    units: units of the encoder's layers, bottom first.
    activation: of the layers below the top, which is linear.
    components: principal components in which clusters are sought.
    clusters: of a partition; fewer where there are few examples.
    partitions: how many.
    classes: clusters of an episode.
    support_per_class: examples of a cluster that make its prototype.
    query_per_class: examples of a cluster that are to find it.
    episodes: how many to learn from.
    learning_rate: of Adam, at the start.

  Raises:
    ValueError: if a value is out of range, or there are too few examples.
  """

  units: tuple[int, ...] = (128, 32)
  activation: Activation = "relu"
  components: int = 32
  clusters: int = 256
  partitions: int = 10
  classes: int = 20
  support_per_class: int = 1
  query_per_class: int = 5
  episodes: int = 2000
  learning_rate: float = 3e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(
      self,
      components=1,
      clusters=2,
      partitions=1,
      classes=2,
      support_per_class=1,
      query_per_class=1,
      episodes=1,
    )

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Makes the partitions, and trains the encoder on them.

    Args:
      unlabelled: float32 `[b, i]`.
      seed: of partitions, starting weights and episodes.

    Returns:
      `Features`.
    """
    embedded = PrincipalComponents(self.components).fit(unlabelled)(unlabelled)
    partitions = [
      self._partition(embedded, seed, number)
      for number in range(self.partitions)
    ]
    size = self.support_per_class + self.query_per_class
    classes = min(self.classes, *map(len, partitions))
    if classes < 2:
      raise ValueError(
        f"Two clusters of {size} examples or more are needed. Received: "
        f"{len(unlabelled)} examples, which k-means divides otherwise"
      )

    def draw_episode(number):
      rng = np.random.default_rng([seed, Stream.PARTITION_EPISODE, number])
      partition = partitions[rng.integers(len(partitions))]
      chosen = rng.choice(len(partition), classes, replace=False)
      rows = np.stack(
        [rng.choice(partition[index], size, replace=False) for index in chosen]
      )
      support, query = np.split(rows, [self.support_per_class], axis=1)
      return PrototypeEpisode(unlabelled[support], unlabelled[query])

    return train_by_episodes(
      draw_episode,
      unlabelled.shape[1],
      self.units,
      self.activation,
      self.episodes,
      self.learning_rate,
      seed,
    )

  def _partition(self, embedded, seed, number):
    """The rows of every cluster that is large enough."""
    rng = np.random.default_rng([seed, Stream.PARTITION, number])
    size = self.support_per_class + self.query_per_class
    scaled = embedded * rng.uniform(size=embedded.shape[1])
    clusters = max(min(self.clusters, len(embedded) // (2 * size)), 2)
    k_means = KMeans(
      clusters, n_init=1, max_iter=30, random_state=int(rng.integers(2**31))
    )
    labels = k_means.fit_predict(scaled.astype(np.float32))
    rows = (np.flatnonzero(labels == label) for label in range(clusters))
    return [members for members in rows if len(members) >= size]

  def candidates(self) -> tuple[Self, ...]:
    """Numbers of clusters, shots and learning rates."""
    return tuple(
      dataclasses.replace(
        self, clusters=clusters, support_per_class=shots, learning_rate=rate
      )
      for clusters in (self.clusters, 64, 512)
      for shots in (self.support_per_class, 5)
      for rate in (self.learning_rate, 1e-3)
    )
