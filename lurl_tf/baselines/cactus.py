# SPDX-License-Identifier: Apache-2.0
"""CACTUs-ProtoNets: episodes whose classes are clusters of k-means."""

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

  A small version of their algorithm 1. K-means partitions the unlabelled
  examples several times, each time with another random scaling of an
  embedding, here principal components. The classes of an episode are clusters
  of one partition.

  Args:
    units: Units of the encoder's layers, bottom first.
    activation: Activation of the layers below the top, which is linear.
    components: Number of principal components that are clustered.
    clusters: Number of clusters of a partition, reduced for few examples.
    partitions: Number of partitions.
    classes: Number of clusters in an episode.
    support_per_class: Examples per cluster whose mean is the prototype.
    query_per_class: Examples per cluster that are classified.
    episodes: Number of training episodes.
    learning_rate: Initial learning rate of Adam.

  Raises:
    ValueError: If a value is out of range, or the examples are too few.
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
    """Computes the partitions, and trains the encoder on them.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples.
      seed: Integer seed of partitions, initial weights and episodes.

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
        f"K-means must find two clusters with {size} or more examples. "
        f"Received: {len(unlabelled)} examples with fewer such clusters"
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
    """Rows of every cluster that is large enough for an episode."""
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
    """Varies the number of clusters, the shots and the learning rate."""
    return tuple(
      dataclasses.replace(
        self, clusters=clusters, support_per_class=shots, learning_rate=rate
      )
      for clusters in (self.clusters, 64, 512)
      for shots in (self.support_per_class, 5)
      for rate in (self.learning_rate, 1e-3)
    )
