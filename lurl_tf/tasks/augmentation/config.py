# SPDX-License-Identifier: Apache-2.0
"""How much examples and tasks are varied at random."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
  """How much examples and tasks are varied; by default not at all.

  Every example has a rotation, a shift and a noise level of its own, uniform up
  to the limits given here. Every task has unseen inputs, a scale and an offset
  that all its examples share. (Metz et al. 2019, section 4.2.)

  Args:
    max_shift: largest shift in either direction of x and of y, in pixels.
    max_rotation: largest rotation either way, in degrees.
    noise_stddev: largest standard deviation of the noise of an example.
    input_dropout: probability with which a task never sees an input.
    scale_range: lowest and highest factor of a task's inputs; log-uniform.
    offset_range: lowest and highest number added to them; uniform.

  Raises:
    ValueError: if a number is not finite or out of range.
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
    """What the columns of `Augmented.coefficients` are."""
    names = ("rotation",) if self.max_rotation else ()
    names += ("shift_x", "shift_y") if self.max_shift else ()
    return names + (("noise",) if self.noise_stddev else ())

  @property
  def moves_pixels(self) -> bool:
    """Whether images are rotated or shifted; other inputs cannot be."""
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
