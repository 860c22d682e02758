# SPDX-License-Identifier: Apache-2.0
"""Checks that the options of baselines share."""

import math
import numbers
from typing import Any


def check_at_least(owner: Any, **least: float) -> None:
  """Raises an error unless attributes are large enough.

  Args:
    owner: what has the attributes.
    **least: the smallest value allowed, by attribute.

  Raises:
    ValueError: if one is smaller; names it.
  """
  for name, minimum in least.items():
    value = getattr(owner, name)
    if not value >= minimum:
      raise ValueError(
        f"`{name}` must be {minimum} or more. Received: {name}={value}"
      )


def check_positive(owner: Any, *names: str) -> None:
  """Raises an error unless attributes are above zero.

  Args:
    owner: what has the attributes.
    *names: of the attributes.

  Raises:
    ValueError: if one is not; names it.
  """
  for name in names:
    value = getattr(owner, name)
    if not value > 0:
      raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


def check_share_below_one(owner: Any, *names: str) -> None:
  """Raises an error unless attributes are from 0 to below 1.

  Args:
    owner: what has the attributes.
    *names: of the attributes.

  Raises:
    ValueError: if one is not; names it.
  """
  for name in names:
    value = getattr(owner, name)
    if not 0 <= value < 1:
      raise ValueError(
        f"`{name}` must be from 0 to below 1. Received: {name}={value}"
      )


def check_units(units: tuple[int, ...]) -> None:
  """Raises an error unless there are layers, and each has units.

  Args:
    units: of every layer.

  Raises:
    ValueError: if there is no layer, or one without units.
  """
  if not units or min(units) < 1:
    raise ValueError(
      f"`units` must be positive numbers. Received: units={units}"
    )


def checked_decay(decay: Any) -> float:
  """The decay as a float.

  Args:
    decay: what was given.

  Raises:
    ValueError: if it is not a finite number, 0 or more.
  """
  if not (is_finite(decay) and decay >= 0):
    raise ValueError(
      f"`decay` must be a number, 0 or more. Received: decay={decay!r}"
    )
  return float(decay)


def is_finite(value: Any) -> bool:
  """Whether a value is a finite number, and no bool.

  Args:
    value: anything.
  """
  number = isinstance(value, numbers.Real) and not isinstance(value, bool)
  return number and math.isfinite(value)
