# SPDX-License-Identifier: Apache-2.0
"""Tasks drawn from labelled examples: classes, permutations, batches, episodes.

All draws are functions of integer keys, so that a run can be repeated, and
resumed at any step.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lurl_tf.random_numbers import Stream
from lurl_tf.structures import Episode, LabelledExamples
from lurl_tf.tasks.data_use import DataUse
from lurl_tf.tasks.examples import scale_to_unit, validate_examples


@dataclasses.dataclass(frozen=True)
class EpisodeConfig:
  """Numbers of classes and examples of a task.

  Args:
    classes_per_task: Number of classes of a task.
    batch_size: Number of unlabelled examples of an inner step.
    support_per_class: Number of labelled examples of each class on which the
      read-out is fitted.
    query_per_class: Number of labelled examples of each class on which the
      read-out is scored.
    draws: Number of draws of labelled examples for every scored state.
    permute_inputs: Whether every task permutes the inputs in its own way.

  Raises:
    ValueError: If a number is not positive, or there are fewer than two
      classes or two examples of a batch.
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


class WeightedDataSet(NamedTuple):
  """A data set that tasks are drawn from.

  Attributes:
    name: Name in messages and tables, shared by the seeds of a synthetic
      family.
    examples: Examples of one split.
    weight: Frequency of its tasks, relative to the other data sets.
    classes: Labels that tasks may use; None for all.
  """

  name: str
  examples: LabelledExamples
  weight: float = 1.0
  classes: tuple[int, ...] | None = None

  def usable_examples(self) -> LabelledExamples:
    """Selects the classes that tasks may use; their labels count from 0."""
    if self.classes is None:
      return self.examples
    classes, names = sorted(self.classes), self.examples.class_names
    kept = self.examples.take(np.isin(self.examples.labels, classes))
    places = np.searchsorted(classes, kept.labels)
    return kept._replace(
      labels=places.astype(kept.labels.dtype),
      class_names=tuple(names[label] for label in classes),
    )


class Task(NamedTuple):
  """A task: a data set, some of its classes, and an order of the inputs.

  Attributes:
    data_set: Index of the data set.
    classes: Labels `[k]`.
    permutation: Indices of the inputs `[i]`.
  """

  data_set: int
  classes: np.ndarray
  permutation: np.ndarray


class TaskSampler:
  """Draws tasks and their examples from data sets held in memory.

  Inputs are returned in the order of the pixels: the permutation of a task is
  applied during training, after augmentation.

  Args:
    data_sets: Data sets to draw tasks from; a single one may be given as its
      `LabelledExamples`.
    config: Numbers of classes and examples of a task.
    seed: Integer seed of all draws.
    use: Use of the data; see `DataSource`.

  Raises:
    ValueError: If there are fewer classes than a task needs, a class has fewer
      examples than an episode needs, inputs are not finite, or data sets have
      inputs of different shapes; the message names the data set.
  """

  def __init__(
    self,
    data_sets: LabelledExamples | Sequence[WeightedDataSet],
    config: EpisodeConfig,
    seed: int = 0,
    use: DataUse = "meta_train",
  ):
    if isinstance(data_sets, LabelledExamples):
      data_sets = [WeightedDataSet("the data set", data_sets)]
    self.config, self.use = config, use
    self.data_sets = tuple(data_sets)
    self._seed = seed
    self._members = [_members(each, config) for each in self.data_sets]
    shapes = {each.examples.image_shape for each in self.data_sets}
    if len(shapes) != 1:
      listed = (f"{d.name} {d.examples.image_shape}" for d in self.data_sets)
      raise ValueError(
        "Data sets of one sampler must have inputs of one shape. "
        f"Received: {', '.join(listed) or 'no data set'}"
      )
    (self.image_shape,) = shapes
    weights = np.array([each.weight for each in self.data_sets])
    self._shares = weights / weights.sum()

  @property
  def input_size(self) -> int:
    """Number of inputs of an example."""
    return int(np.prod(self.image_shape))

  def task(self, *key: int) -> Task:
    """Draws the task of a key of integers, such as a slot and a generation."""
    generator = self._generator(Stream.TASK, *key)
    data_set = self._choose_data_set(generator)
    labels = np.array(list(self._members[data_set]))
    classes = generator.choice(
      labels, self.config.classes_per_task, replace=False
    )
    permutation = np.arange(self.input_size)
    if self.config.permute_inputs:
      permutation = generator.permutation(self.input_size)
    return Task(data_set, classes, permutation)

  def data_set_of(self, *key: int) -> int:
    """Draws only the data set of the task of a key, and returns its index."""
    return self._choose_data_set(self._generator(Stream.TASK, *key))

  def batches(self, task: Task, steps: int, *key: int) -> np.ndarray:
    """Draws unlabelled examples of a task, float32 `[steps, b, i]`."""
    generator = self._generator(Stream.TASK_BATCH, *key)
    members = self._members[task.data_set]
    rows = np.concatenate([members[label] for label in task.classes])
    chosen = generator.choice(rows, (steps, self.config.batch_size))
    return scale_to_unit(self._inputs(task)[chosen])

  def episodes(self, task: Task, count: int, *key: int) -> Episode:
    """Draws labelled examples of a task, `count` times `draws` episodes.

    Args:
      task: Task whose classes to use.
      count: Number of scored states.
      *key: Integers that identify the draw.

    Returns:
      `Episode` of float32 `[count, d, b, ...]`; support and query have no
      example in common.
    """
    config = self.config
    generator = self._generator(Stream.TASK_EPISODE, *key)
    support_size = config.support_per_class
    size = support_size + config.query_per_class
    rows = []
    for label in task.classes:
      members = self._members[task.data_set][label]
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
      return scale_to_unit(self._inputs(task)[flat]), targets

    support = part(chosen[..., :support_size])
    query = part(chosen[..., support_size:])
    return Episode(*support, *query)

  def device_seed(self, *key: int) -> np.ndarray:
    """Draws two int32 from a key, the seed of random numbers on a device."""
    return self._generator(Stream.TASK_DEVICE_SEED, *key).integers(
      2**31, size=2, dtype=np.int32
    )

  def _choose_data_set(self, generator: np.random.Generator) -> int:
    if len(self.data_sets) == 1:
      return 0
    return int(generator.choice(len(self.data_sets), p=self._shares))

  def _inputs(self, task: Task) -> np.ndarray:
    return self.data_sets[task.data_set].examples.inputs

  def _generator(self, stream: Stream, *key: int) -> np.random.Generator:
    return np.random.default_rng([self._seed, stream, *key])


def _members(
  data_set: WeightedDataSet, config: EpisodeConfig
) -> dict[int, np.ndarray]:
  """Returns row numbers of every class that tasks may use."""
  examples = data_set.examples
  validate_examples(examples)
  classes = data_set.classes
  if classes is None:
    classes = range(len(examples.class_names))
  if len(classes) < config.classes_per_task:
    raise ValueError(
      f"A task needs {config.classes_per_task} classes; {data_set.name} has "
      f"{len(classes)}. Received: classes_per_task={config.classes_per_task}"
    )
  needed = config.support_per_class + config.query_per_class
  members = {}
  for label in classes:
    members[label] = np.flatnonzero(examples.labels == label)
    if len(members[label]) < needed:
      raise ValueError(
        f"An episode needs {needed} examples of every class, "
        f"{config.support_per_class} for support and "
        f"{config.query_per_class} for query. Received: class "
        f"{examples.class_names[label]!r} of {data_set.name} with "
        f"{len(members[label])} examples"
      )
  return members


def _smallest(ranks: np.ndarray, count: int) -> np.ndarray:
  """Returns indices of the smallest values along the last axis, ascending.

  A partition alone leaves them in an order that favours some indices, and that
  depends on the CPU.
  """
  places = np.argpartition(ranks, count - 1)[..., :count]
  order = np.argsort(np.take_along_axis(ranks, places, axis=-1))
  return np.take_along_axis(places, order, axis=-1)
