# SPDX-License-Identifier: Apache-2.0
"""What comes next: truncations of the buckets in turn, drawn ahead."""

import concurrent.futures
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from lurl_tf.meta.slots.group import SlotGroup, Truncation
from lurl_tf.meta.slots.schedule import new_book


class DrawnTruncations(NamedTuple):
  """Truncations in their order.

  Attributes:
    buckets: the index of the bucket of each.
    each: `Truncation` by the number of the replica, for each.
  """

  buckets: tuple[int, ...]
  each: list[dict[int, Truncation]]

  @property
  def first_bucket(self) -> int:
    """The bucket that they begin with."""
    return self.buckets[0]


class TruncationQueue:
  """Plans truncations and draws their data while the device works.

  Its state, the number of truncations and the books of all slots, is the same
  in every process of a run.

  Args:
    groups: of all buckets, which take turns.
    local_replicas: numbers of the replicas to draw for.
    replicas: how many there are in all.
  """

  def __init__(
    self,
    groups: Sequence[SlotGroup],
    local_replicas: Sequence[int],
    replicas: int,
  ):
    self._groups, self._local_replicas = tuple(groups), tuple(local_replicas)
    self._truncations = tf.Variable(0, dtype=tf.int64, trainable=False)
    self.books = [
      tf.Variable(
        np.stack(new_book(replicas * group.config.slots)), trainable=False
      )
      for group in groups
    ]
    self._prefetcher: Prefetcher[list[dict[int, Truncation]]] = Prefetcher()
    self.checkpoint = tf.train.Checkpoint(
      truncations=self._truncations, books=self.books
    )

  def take(self, count: int) -> DrawnTruncations:
    """The next truncations; as many are begun to be drawn after them.

    Args:
      count: how many.

    Returns:
      `DrawnTruncations`.
    """
    first = int(self._truncations)
    books = [book.numpy() for book in self.books]
    key, draw, books = self._request(first, count, books)
    each = self._prefetcher.take(key, draw)
    for variable, book in zip(self.books, books):
      variable.assign(book)
    self._truncations.assign_add(count)
    self._prefetcher.start(*self._request(first + count, count, books)[:2])
    return DrawnTruncations(
      tuple(self._bucket(first + turn) for turn in range(count)), each
    )

  def _bucket(self, truncation: int) -> int:
    return truncation % len(self._groups)

  def _request(self, first, count, books):
    """All that decides some truncations, how to draw them, the books after."""
    key = (first, count, *(book.tobytes() for book in books))
    plans, books = [], list(books)
    for truncation in range(first, first + count):
      bucket = self._bucket(truncation)
      plans.append(self._groups[bucket].plan(truncation, books[bucket]))
      books[bucket] = np.stack(plans[-1].after)

    def draw():
      return [
        self._groups[self._bucket(truncation)].draw(
          truncation, plan, self._local_replicas
        )
        for truncation, plan in enumerate(plans, first)
      ]

    return key, draw, books


_Item = TypeVar("_Item")


class Prefetcher(Generic[_Item]):
  """One item ahead, in a thread.

  An item that was drawn ahead is used only if it is the one that is asked for:
  after a checkpoint is restored, it may be another.
  """

  def __init__(self):
    self._executor = concurrent.futures.ThreadPoolExecutor(1)
    self._key: Hashable = None
    self._ahead: concurrent.futures.Future[_Item] | None = None

  def start(self, key: Hashable, draw: Callable[[], _Item]) -> None:
    """Begins to draw an item.

    Args:
      key: all that decides the item.
      draw: draws it; called in another thread.
    """
    self._key, self._ahead = key, self._executor.submit(draw)

  def take(self, key: Hashable, draw: Callable[[], _Item]) -> _Item:
    """Waits for an item.

    Args:
      key: all that decides the item.
      draw: draws it, if it is not what was begun.

    Returns:
      What `draw` returned; what it raised is raised here.
    """
    if self._ahead is None or self._key != key:
      self.start(key, draw)
    item, self._ahead = self._ahead, None
    return item.result()
