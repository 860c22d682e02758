# SPDX-License-Identifier: Apache-2.0
"""Draws what comes next while the device works on what is there."""

import concurrent.futures
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

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
