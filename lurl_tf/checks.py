# SPDX-License-Identifier: Apache-2.0
"""Checks of option values."""

import math
import numbers
from typing import Any


def check_at_least(owner: Any, **least: float) -> None:
  """Raises an error unless attributes are large enough.

  Args:
    owner: Object with the attributes.
    **least: Smallest allowed value of each attribute.

  Raises:
    ValueError: If an attribute is smaller; names it.
  """
  for name, minimum in least.items():
    value = getattr(owner, name)
    if not value >= minimum:
      raise ValueError(
        f"`{name}` must be {minimum} or more. Received: {name}={value}"
      )


def check_positive(owner: Any, *names: str) -> None:
  """Raises an error unless attributes are positive.

  Args:
    owner: Object with the attributes.
    *names: Names of the attributes.

  Raises:
    ValueError: If an attribute is out of range; names it.
  """
  for name in names:
    value = getattr(owner, name)
    if not value > 0:
      raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


def check_share_below_one(owner: Any, *names: str) -> None:
  """Raises an error unless attributes are from 0 to below 1.

  Args:
    owner: Object with the attributes.
    *names: Names of the attributes.

  Raises:
    ValueError: If an attribute is out of range; names it.
  """
  for name in names:
    value = getattr(owner, name)
    if not 0 <= value < 1:
      raise ValueError(
        f"`{name}` must be from 0 to below 1. Received: {name}={value}"
      )


def check_units(units: tuple[int, ...]) -> None:
  """Raises an error unless there is a layer, and every layer has units.

  Args:
    units: Units of each layer.

  Raises:
    ValueError: If there is no layer, or a layer without units.
  """
  if not units or min(units) < 1:
    raise ValueError(
      f"`units` must be positive numbers. Received: units={units}"
    )


def checked_decay(decay: Any) -> float:
  """Converts a weight decay to a float.

  Args:
    decay: Value to check.

  Returns:
    The decay.

  Raises:
    ValueError: If it is not a finite number, 0 or more.
  """
  if not (is_finite(decay) and decay >= 0):
    raise ValueError(
      f"`decay` must be a number, 0 or more. Received: decay={decay!r}"
    )
  return float(decay)


def is_finite(value: Any) -> bool:
  """Returns whether a value is a finite number; bools are not.

  Args:
    value: Any object.

  Returns:
    A bool.
  """
  number = isinstance(value, numbers.Real) and not isinstance(value, bool)
  return number and math.isfinite(value)
