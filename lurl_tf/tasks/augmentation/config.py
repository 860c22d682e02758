# SPDX-License-Identifier: Apache-2.0
"""Amounts of random variation of examples and tasks."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
  """Amounts of variation; none by default (Metz et al. 2019, section 4.2).

  Every example has its own rotation, shift and noise level, uniform up to the
  limits given here. Every task has a scale, an offset and hidden inputs that
  all its examples share.

  Args:
    max_shift: Largest shift in x and in y, in either direction, in pixels.
    max_rotation: Largest rotation in either direction, in degrees.
    noise_stddev: Largest standard deviation of the noise of an example.
    input_dropout: Probability that an input is hidden in a task.
    scale_range: Smallest and largest factor of a task's inputs; log-uniform.
    offset_range: Smallest and largest offset of a task's inputs; uniform.

  Raises:
    ValueError: If a number is not finite or out of range.
  """

  max_shift: float = 0.0
  max_rotation: float = 0.0
  noise_stddev: float = 0.0
  input_dropout: float = 0.0
  scale_range: tuple[float, float] = (1.0, 1.0)
  offset_range: tuple[float, float] = (0.0, 0.0)

  def __post_init__(self):
    for name in ("max_shift", "max_rotation", "noise_stddev", "input_dropout"):
      value = getattr(self, name)
      if not (math.isfinite(value) and value >= 0):
        raise ValueError(
          f"`{name}` must be 0 or more. Received: {name}={value}"
        )
    if self.max_rotation > 180:
      raise ValueError(
        "`max_rotation` must be 180 degrees at most. "
        f"Received: max_rotation={self.max_rotation}"
      )
    if self.input_dropout >= 1:
      raise ValueError(
        "`input_dropout` must be below 1. "
        f"Received: input_dropout={self.input_dropout}"
      )
    for name in ("scale_range", "offset_range"):
      value = tuple(getattr(self, name))
      if (
        len(value) != 2
        or not all(map(math.isfinite, value))
        or value[0] > value[1]
      ):
        raise ValueError(
          f"`{name}` must be two numbers, the lowest and the highest. "
          f"Received: {name}={value}"
        )
      # JSON makes lists of tuples.
      object.__setattr__(self, name, value)
    if self.scale_range[0] <= 0:
      raise ValueError(
        "`scale_range` must be positive. "
        f"Received: scale_range={self.scale_range}"
      )

  @property
  def coefficient_names(self) -> tuple[str, ...]:
    """Names of the columns of `Augmented.coefficients`."""
    names = ("rotation",) if self.max_rotation else ()
    names += ("shift_x", "shift_y") if self.max_shift else ()
    return names + (("noise",) if self.noise_stddev else ())

  @property
  def moves_pixels(self) -> bool:
    """Whether inputs are rotated or shifted, which requires images."""
    return self.max_rotation > 0 or self.max_shift > 0

  @property
  def augments_examples(self) -> bool:
    """Whether `augment_examples` changes anything."""
    return bool(self.coefficient_names)

  @property
  def varies_tasks(self) -> bool:
    """Whether `apply_task_variation` changes anything."""
    return (
      self.input_dropout > 0
      or self.scale_range != (1.0, 1.0)
      or self.offset_range != (0.0, 0.0)
    )
