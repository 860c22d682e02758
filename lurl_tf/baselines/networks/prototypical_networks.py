# SPDX-License-Identifier: Apache-2.0
"""Prototypical networks, trained on labels of other data sets."""

import dataclasses
from typing import Self

import numpy as np

from lurl_tf.activations import Activation
from lurl_tf.baselines.interface import TaskBaseline
from lurl_tf.baselines.networks.episodic_training import (
  PrototypeEpisode,
  train_by_episodes,
)
from lurl_tf.checks import check_at_least, check_units
from lurl_tf.features import Features
from lurl_tf.tasks.episodes import TaskSampler


@dataclasses.dataclass(frozen=True)
class PrototypicalNetworks(TaskBaseline):
  """Encoder with the same layers, trained on the tasks of a rule (Snell 2017).

  The method learns features, and a rule learns how to learn features. If every
  task has its own order of inputs, features cannot be shared by tasks. Features
  of one order of inputs do not transfer to another (Metz et al. 2019, section
  5.1).

  Args:
    units: Units of the encoder's layers, bottom first.
    activation: Activation of the layers below the top, which is linear.
    permute_inputs: Whether every task has its own order of inputs.
    episodes: Number of training tasks.
    learning_rate: Initial learning rate of Adam.

  Raises:
    ValueError: If a value is out of range.
  """

  units: tuple[int, ...] = (128, 32)
  activation: Activation = "relu"
  permute_inputs: bool = False
  episodes: int = 2000
  learning_rate: float = 1e-3

  def __post_init__(self):
    check_units(self.units)
    check_at_least(self, episodes=1)

  def fit_tasks(self, sampler: TaskSampler, seed: int = 0) -> Features:
    """Trains the encoder.

    Args:
      sampler: Sampler of the tasks, which sets numbers of classes and examples.
      seed: Integer seed of initial weights and tasks.

    Returns:
      `Features`.
    """

    def draw_episode(number):
      task = sampler.task(seed, number)
      episode = sampler.episodes(task, 1, seed, number)
      order = np.arange(sampler.input_size)
      if self.permute_inputs:
        order = np.random.default_rng([seed, number]).permutation(order)
      classes = len(task.classes)
      return PrototypeEpisode(
        *(
          inputs[0, 0][:, order].reshape(classes, -1, len(order))
          for inputs in (episode.support_inputs, episode.query_inputs)
        )
      )

    return train_by_episodes(
      draw_episode,
      sampler.input_size,
      self.units,
      self.activation,
      self.episodes,
      self.learning_rate,
      seed,
    )

  def candidates(self) -> tuple[Self, ...]:
    """Varies the learning rate and the number of episodes."""
    return tuple(
      dataclasses.replace(self, learning_rate=rate, episodes=episodes)
      for rate in (self.learning_rate, 3e-4, 3e-3)
      for episodes in (self.episodes, 5 * self.episodes)
    )
