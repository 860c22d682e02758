# SPDX-License-Identifier: Apache-2.0
"""Progress lines for long work: step, values, speed and time left."""

import time
from collections.abc import Callable


class Progress:
  """Prints a line now and then, and always for the last step.

  The time before the first update is left out of the speed: it holds the
  compilation of the work's graph.

  Args:
    total_steps: the step number at which the work is done.
    unit: what one step is called in the line.
    label: text at the start of every line; nothing if empty.
    seconds_between_lines: the least time between two lines.
    clock: returns seconds; an argument so that a test can hold the time.
    write: takes a finished line.

  Example:

  >>> progress = Progress(2, unit="meta-step", write=lambda line: None)
  >>> progress.update(1, loss=0.9)
  >>> progress.update(2, loss=0.8)
  """

  def __init__(
    self,
    total_steps: int,
    unit: str = "step",
    label: str = "",
    seconds_between_lines: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
    write: Callable[[str], None] | None = None,
  ):
    self._total_steps = total_steps
    self._unit = unit
    self._label = label
    self._seconds_between_lines = seconds_between_lines
    self._clock = clock
    self._write = write or (lambda line: print(line, flush=True))
    self._began: tuple[int, float] | None = None
    self._last_line_at: float | None = None

  def update(self, step: int, **values: float) -> None:
    """Says that `step` steps are done.

    Args:
      step: steps done so far, counted like `total_steps`; a resumed run
        starts where it was.
      **values: numbers to show, for example `loss=0.8`.
    """
    now = self._clock()
    if self._began is None:
      self._began = (step, now)
    is_last = step >= self._total_steps
    is_due = (
      self._last_line_at is None
      or now - self._last_line_at >= self._seconds_between_lines
    )
    if not (is_last or is_due):
      return
    self._last_line_at = now
    self._write(self._line(step, now, values))

  def _line(self, step: int, now: float, values: dict[str, float]) -> str:
    parts = [f"{self._unit} {step}/{self._total_steps}"]
    parts += [f"{name} {value:.4g}" for name, value in values.items()]
    first_step, first_time = self._began
    if step > first_step and now > first_time:
      steps_per_second = (step - first_step) / (now - first_time)
      parts.append(f"{steps_per_second:.3g} {self._unit}s/s")
      if step < self._total_steps:
        seconds_left = (self._total_steps - step) / steps_per_second
        parts.append(f"{format_seconds(seconds_left)} left")
    line = "  ".join(parts)
    return f"{self._label}  {line}" if self._label else line


def format_seconds(seconds: float) -> str:
  """A duration for people.

  Args:
    seconds: not negative.

  Returns:
    Two units at most, the smaller one whole.

  Example:

  >>> format_seconds(12.3), format_seconds(200), format_seconds(7500)
  ('12 s', '3 min 20 s', '2 h 5 min')
  """
  whole = round(seconds)
  if whole < 60:
    return f"{whole} s"
  if whole < 3600:
    return f"{whole // 60} min {whole % 60} s"
  return f"{whole // 3600} h {whole % 3600 // 60} min"
