# SPDX-License-Identifier: Apache-2.0
"""Queue of truncations: the buckets take turns, data are drawn ahead."""

import concurrent.futures
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.schedule import new_schedule
from lurl_tf.meta.slots.structures import Truncation


class DrawnTruncations(NamedTuple):
  """Truncations in their order.

  Attributes:
    buckets: Index of the bucket of each truncation.
    each: For each truncation, a dict from the number of a replica to its
      `Truncation`.
  """

  buckets: tuple[int, ...]
  each: list[dict[int, Truncation]]

  @property
  def first_bucket(self) -> int:
    """Index of the bucket of the first truncation."""
    return self.buckets[0]


class TruncationQueue:
  """Plans truncations and draws their data while the device works.

  Its state, the number of truncations and the schedules of all slots, is equal
  in every process of a run.

  Args:
    groups: `SlotGroup` of every bucket, which take turns.
    local_replicas: Numbers of the replicas to draw for.
    replicas: Number of all replicas.
  """

  def __init__(
    self,
    groups: Sequence[SlotGroup],
    local_replicas: Sequence[int],
    replicas: int,
  ):
    self._groups, self._local_replicas = tuple(groups), tuple(local_replicas)
    self._truncations = tf.Variable(0, dtype=tf.int64, trainable=False)
    self.schedules = [
      tf.Variable(
        np.stack(new_schedule(replicas * group.config.slots)), trainable=False
      )
      for group in groups
    ]
    self._prefetcher: Prefetcher[list[dict[int, Truncation]]] = Prefetcher()
    self.checkpoint = tf.train.Checkpoint(
      truncations=self._truncations, schedules=self.schedules
    )

  def take(self, count: int) -> DrawnTruncations:
    """Takes the next truncations, and starts to draw as many after them.

    Args:
      count: Number of truncations.

    Returns:
      `DrawnTruncations`.
    """
    first = int(self._truncations)
    schedules = [schedule.numpy() for schedule in self.schedules]
    key, draw, schedules = self._request(first, count, schedules)
    each = self._prefetcher.take(key, draw)
    for variable, schedule in zip(self.schedules, schedules):
      variable.assign(schedule)
    self._truncations.assign_add(count)
    self._prefetcher.start(*self._request(first + count, count, schedules)[:2])
    return DrawnTruncations(
      tuple(self._bucket(first + turn) for turn in range(count)), each
    )

  def _bucket(self, truncation: int) -> int:
    return truncation % len(self._groups)

  def _request(self, first, count, schedules):
    """Key of some truncations, a function that draws them, schedules after."""
    key = (first, count, *(schedule.tobytes() for schedule in schedules))
    plans, schedules = [], list(schedules)
    for truncation in range(first, first + count):
      bucket = self._bucket(truncation)
      plans.append(self._groups[bucket].plan(truncation, schedules[bucket]))
      schedules[bucket] = np.stack(plans[-1].after)

    def draw():
      return [
        self._groups[self._bucket(truncation)].draw(
          truncation, plan, self._local_replicas
        )
        for truncation, plan in enumerate(plans, first)
      ]

    return key, draw, schedules


_Item = TypeVar("_Item")


class Prefetcher(Generic[_Item]):
  """Draws one item ahead, in a thread.

  The item is used only if its key is the one that is asked for: after a
  checkpoint is restored, another item may be needed.
  """

  def __init__(self):
    self._executor = concurrent.futures.ThreadPoolExecutor(1)
    self._key: Hashable = None
    self._ahead: concurrent.futures.Future[_Item] | None = None

  def start(self, key: Hashable, draw: Callable[[], _Item]) -> None:
    """Starts to draw an item.

    Args:
      key: Key that identifies the item.
      draw: Function that draws the item; called in another thread.
    """
    self._key, self._ahead = key, self._executor.submit(draw)

  def take(self, key: Hashable, draw: Callable[[], _Item]) -> _Item:
    """Waits for an item.

    Args:
      key: Key that identifies the item.
      draw: Function that draws the item if another one was drawn ahead.

    Returns:
      The item. An exception of `draw` is raised here.
    """
    if self._ahead is None or self._key != key:
      self.start(key, draw)
    item, self._ahead = self._ahead, None
    return item.result()
