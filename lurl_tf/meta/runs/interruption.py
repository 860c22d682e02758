# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and SIGTERM as a request to stop between two steps."""

import os
import signal
import threading


class Interruption:
  """A context in which the first Ctrl-C or SIGTERM only sets `requested`.

  A step is never torn: the computation checks `requested` between steps, saves
  its state and ends. A second Ctrl-C ends the program at once.

  Python delivers signals to the main thread only; in other threads the context
  changes nothing.

  Attributes:
    requested: Whether a signal was received.

  Example:

  >>> with Interruption() as interruption:
  ...   interruption.requested
  False
  """

  def __init__(self):
    self.requested = False
    self._previous = {}

  def __enter__(self) -> "Interruption":
    if threading.current_thread() is threading.main_thread():
      for number in (signal.SIGINT, signal.SIGTERM):
        self._previous[number] = signal.signal(number, self._handle)
    return self

  def __exit__(self, *_) -> None:
    for number, handler in self._previous.items():
      signal.signal(number, handler)

  def _handle(self, number: int, _) -> None:
    if self.requested and number == signal.SIGINT:
      raise KeyboardInterrupt
    self.requested = True
    # `print` is not reentrant: the signal may have interrupted a call of it.
    os.write(1, b"Stopping after this step; Ctrl-C again stops at once.\n")
