# SPDX-License-Identifier: Apache-2.0
"""Checks of the numbers that rules designed by hand are made with."""

import math
import numbers
from typing import Any


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
