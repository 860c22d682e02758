# SPDX-License-Identifier: Apache-2.0
"""Tasks drawn from labelled examples: classes, permutations, batches, episodes.

All draws are functions of integers that are passed in, so that a run can be
repeated, and resumed anywhere.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from lurl_tf.structures import Episode, LabelledExamples
from lurl_tf.tasks.examples import scale_to_unit, validate_examples

_TASK_STREAM, _BATCH_STREAM, _EPISODE_STREAM, _SEED_STREAM = range(4)


@dataclasses.dataclass(frozen=True)
class EpisodeConfig:
  """What a task shows the rule, and what it asks of the features.

  Args:
    classes_per_task: classes that a task's examples come from.
    batch_size: unlabelled examples of an inner step.
    support_per_class: labelled examples of a class for the read-out.
    query_per_class: labelled examples of a class that score it.
    draws: label draws for every scored state.
    permute_inputs: whether every task shuffles its inputs in its own way.

  Raises:
    ValueError: if a number is not positive, or fewer than two classes or
      examples are asked for.
  """

  classes_per_task: int = 10
  batch_size: int = 64
  support_per_class: int = 10
  query_per_class: int = 10
  draws: int = 1
  permute_inputs: bool = True

  def __post_init__(self):
    least = {
      "classes_per_task": 2,
      "batch_size": 2,
      "support_per_class": 1,
      "query_per_class": 1,
      "draws": 1,
    }
    for name, minimum in least.items():
      value = getattr(self, name)
      if value < minimum:
        raise ValueError(
          f"`{name}` must be {minimum} or more. Received: {name}={value}"
        )


class Task(NamedTuple):
  """One task: which classes, and in which order the inputs come.

  Attributes:
    classes: `[k]` labels.
    permutation: `[i]` indices of the inputs.
  """

  classes: np.ndarray
  permutation: np.ndarray


class TaskSampler:
  """Draws tasks and their examples from one data set held in memory.

  Inputs come in the order of the pixels: a task's permutation is applied where
  it is learned from, after augmentation.

  Args:
    examples: the data set's split.
    config: what a task consists of.
    seed: of all draws.

  Raises:
    ValueError: if there are fewer classes than a task needs, a class has fewer
      examples than an episode needs, or the inputs are not finite.
  """

  def __init__(
    self, examples: LabelledExamples, config: EpisodeConfig, seed: int = 0
  ):
    validate_examples(examples)
    self.config = config
    self.image_shape = examples.image_shape
    self._inputs = examples.inputs
    self._seed = seed
    self._members = [
      np.flatnonzero(examples.labels == label)
      for label in range(len(examples.class_names))
    ]
    if len(self._members) < config.classes_per_task:
      raise ValueError(
        f"A task needs {config.classes_per_task} classes; the data set has "
        f"{len(self._members)}. Received: "
        f"classes_per_task={config.classes_per_task}"
      )
    needed = config.support_per_class + config.query_per_class
    for name, members in zip(examples.class_names, self._members):
      if len(members) < needed:
        raise ValueError(
          f"An episode needs {needed} examples of every class, "
          f"{config.support_per_class} for support and "
          f"{config.query_per_class} for query. Received: class {name!r} "
          f"with {len(members)} examples"
        )

  @property
  def input_size(self) -> int:
    """Number of inputs of an example."""
    return self._inputs.shape[1]

  def task(self, *key: int) -> Task:
    """The task of a key of integers, such as a slot and its generation."""
    generator = self._generator(_TASK_STREAM, *key)
    classes = generator.choice(
      len(self._members), self.config.classes_per_task, replace=False
    )
    permutation = np.arange(self.input_size)
    if self.config.permute_inputs:
      permutation = generator.permutation(self.input_size)
    return Task(classes, permutation)

  def batches(self, task: Task, steps: int, *key: int) -> np.ndarray:
    """Unlabelled examples of a task's classes, float32 `[steps, b, i]`."""
    generator = self._generator(_BATCH_STREAM, *key)
    members = np.concatenate([self._members[label] for label in task.classes])
    chosen = generator.choice(members, (steps, self.config.batch_size))
    return scale_to_unit(self._inputs[chosen])

  def episodes(self, task: Task, count: int, *key: int) -> Episode:
    """Labelled examples of a task, `count` times `draws` episodes.

    Args:
      task: whose classes to use.
      count: number of scored states.
      *key: integers that name the draw.

    Returns:
      `Episode` of float32 `[count, d, b, ...]`; support and query share no
      example.
    """
    config = self.config
    generator = self._generator(_EPISODE_STREAM, *key)
    support_size = config.support_per_class
    size = support_size + config.query_per_class
    rows = []
    for label in task.classes:
      members = self._members[label]
      ranks = generator.random((count, config.draws, len(members)))
      rows.append(members[_smallest(ranks, size)])
    chosen = np.stack(rows, axis=2)
    classes = len(task.classes)

    def part(indices):
      flat = indices.reshape(count, config.draws, -1)
      one_hot = np.repeat(
        np.eye(classes, dtype=np.float32), indices.shape[-1], axis=0
      )
      targets = np.broadcast_to(one_hot, (*flat.shape, classes))
      return scale_to_unit(self._inputs[flat]), targets

    support = part(chosen[..., :support_size])
    query = part(chosen[..., support_size:])
    return Episode(*support, *query)

  def device_seed(self, *key: int) -> np.ndarray:
    """Two int32 of a key of integers, for what a device draws."""
    return self._generator(_SEED_STREAM, *key).integers(
      2**31, size=2, dtype=np.int32
    )

  def _generator(self, stream: int, *key: int) -> np.random.Generator:
    return np.random.default_rng([self._seed, stream, *key])


def _smallest(ranks: np.ndarray, count: int) -> np.ndarray:
  """Places of the smallest values along the last axis, in ascending order.

  A partition alone leaves them in an order that favours some places, and that
  is another one on other processors.
  """
  places = np.argpartition(ranks, count - 1)[..., :count]
  order = np.argsort(np.take_along_axis(ranks, places, axis=-1))
  return np.take_along_axis(places, order, axis=-1)
