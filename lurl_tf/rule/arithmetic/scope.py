# SPDX-License-Identifier: Apache-2.0
"""Values that hold within a `with` block, for the thread that enters it."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Scope(Generic[Value]):
  """One such value; blocks may be nested.

  Args:
    outside: the value where no block is entered.
  """

  def __init__(self, outside: Value):
    self._outside = outside
    self._thread = threading.local()

  @property
  def current(self) -> Value:
    """Of the innermost block."""
    return getattr(self._thread, "value", self._outside)

  @contextlib.contextmanager
  def of(self, value: Value) -> Iterator[None]:
    """Within it, the value is the one given.

    Args:
      value: any.
    """
    before = self.current
    self._thread.value = value
    try:
      yield
    finally:
      self._thread.value = before
