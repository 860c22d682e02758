# SPDX-License-Identifier: Apache-2.0
"""Options of a rule's arithmetic, set for the code within a block.

The options change the time and the memory that a rule takes, and at most the
rounding of its numbers. They hold for the thread that enters the block.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Arithmetic:
  """Options of a rule's arithmetic.

  Args:
    layers: `"products"`: convolutions and normalisations are written as matrix
      products and sums, the fastest form with XLA on CPUs. `"library"`:
      TensorFlow's own operations, which have fast gradients outside XLA.
    product_dtype: Float type that the factors of large products are rounded to,
      `"float32"` or `"bfloat16"`. With `layers="library"`, results of
      convolutions and of maps of unit states are of this type, too.
    convolutions: `"direct"`; or `"winograd"`: large convolutions take half the
      multiplications. For XLA on CPUs; not measured elsewhere.
    keep: Function that `kept_results` passes every expensive result through;
      None to compute them plainly.
  """

  layers: Literal["products", "library"] = "products"
  product_dtype: Literal["float32", "bfloat16"] = "float32"
  convolutions: Literal["direct", "winograd"] = "direct"
  keep: Callable[[Callable[[], tf.Tensor]], tf.Tensor] | None = None


_OUTSIDE = Arithmetic()
_thread = threading.local()


def current_arithmetic() -> Arithmetic:
  """Returns the options of the innermost block; the defaults outside."""
  return getattr(_thread, "arithmetic", _OUTSIDE)


@contextlib.contextmanager
def arithmetic_scope(**changes: Any) -> Iterator[Arithmetic]:
  """Changes options of the arithmetic within a block; blocks may be nested.

  Args:
    **changes: Fields of `Arithmetic`; the others keep their values.

  Yields:
    The `Arithmetic` of the block.

  Raises:
    TypeError: If `Arithmetic` has no field of a name.

  Example:

  >>> with arithmetic_scope(product_dtype="bfloat16") as arithmetic:
  ...   arithmetic.product_dtype
  'bfloat16'
  """
  before = current_arithmetic()
  _thread.arithmetic = dataclasses.replace(before, **changes)
  try:
    yield _thread.arithmetic
  finally:
    _thread.arithmetic = before
