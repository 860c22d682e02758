# SPDX-License-Identifier: Apache-2.0
"""Progress lines of long computations: step, values, speed and time left."""

import time
from collections.abc import Callable


class Progress:
  """Prints a line every few seconds, and always for the last step.

  The speed leaves out the time before the first update, in which the graph is
  compiled.

  Args:
    total_steps: Integer number of the last step; None if it is not known.
    unit: Name of a step in the line.
    label: Text at the start of every line; empty for none.
    seconds_between_lines: Least number of seconds between two lines.
    clock: Function that returns the time in seconds.
    write: Function that takes a finished line; default: `print`.
    seconds_left: Function that returns the seconds left, for computations that
      end by the clock; default: an estimate by the speed.

  Example:

  >>> progress = Progress(2, unit="outer step", write=lambda line: None)
  >>> progress.update(1, loss=0.9)
  >>> progress.update(2, loss=0.8)
  """

  def __init__(
    self,
    total_steps: int | None,
    unit: str = "step",
    label: str = "",
    seconds_between_lines: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
    write: Callable[[str], None] | None = None,
    seconds_left: Callable[[], float] | None = None,
  ):
    self._total_steps = total_steps
    self._unit = unit
    self._label = label
    self._seconds_between_lines = seconds_between_lines
    self._clock = clock
    self._write = write or (lambda line: print(line, flush=True))
    self._seconds_left = seconds_left
    self._began: tuple[int, float] | None = None
    self._last_line_at: float | None = None

  def update(self, step: int, **values: float) -> None:
    """Reports that `step` steps are done.

    Args:
      step: Integer number of steps done so far, counted like `total_steps`; a
        resumed run starts with the step that it resumes from.
      **values: Numbers to print, for example `loss=0.8`.
    """
    now = self._clock()
    if self._began is None:
      self._began = (step, now)
    is_last = self._total_steps is not None and step >= self._total_steps
    is_due = (
      self._last_line_at is None
      or now - self._last_line_at >= self._seconds_between_lines
    )
    if not (is_last or is_due):
      return
    self._last_line_at = now
    self._write(self._line(step, now, values))

  def _line(self, step: int, now: float, values: dict[str, float]) -> str:
    total = "" if self._total_steps is None else f"/{self._total_steps}"
    parts = [f"{self._unit} {step}{total}"]
    parts += [f"{name} {value:.4g}" for name, value in values.items()]
    first_step, first_time = self._began
    if step > first_step and now > first_time:
      steps_per_second = (step - first_step) / (now - first_time)
      parts.append(f"{steps_per_second:.3g} {self._unit}s/s")
      estimates = []
      if self._total_steps is not None:
        estimates.append((self._total_steps - step) / steps_per_second)
      if self._seconds_left is not None:
        estimates.append(self._seconds_left())
      if estimates and min(estimates) > 0:
        parts.append(f"{format_seconds(min(estimates))} left")
    line = "  ".join(parts)
    return f"{self._label}  {line}" if self._label else line


def format_seconds(seconds: float) -> str:
  """Formats a duration.

  Args:
    seconds: Number of seconds, not negative.

  Returns:
    Text with at most two units, the smaller one whole.

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
