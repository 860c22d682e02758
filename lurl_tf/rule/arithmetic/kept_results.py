# SPDX-License-Identifier: Apache-2.0
"""Results that are kept where all else is computed anew for the gradient.

Large products are most of a rule's arithmetic, and their results few of its
arrays: to keep these and no others takes little time and little memory.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from lurl_tf.rule.arithmetic.scope import Scope

_Compute = Callable[[], tf.Tensor]

_take: Scope[Callable[[_Compute], tf.Tensor] | None] = Scope(outside=None)


@contextlib.contextmanager
def recorded() -> Iterator[list[tf.Tensor]]:
  """Within it, all results of this file's functions join the list it gives."""
  results = []

  def record(compute: _Compute) -> tf.Tensor:
    results.append(compute())
    return results[-1]

  with _take.of(record):
    yield results


@contextlib.contextmanager
def replayed(results: Sequence[tf.Tensor]) -> Iterator[None]:
  """Within it, this file's functions give those results and compute none.

  Args:
    results: of `recorded`, in the order in which the same code asks for them.
  """
  remaining = iter(results)
  with _take.of(lambda compute: next(remaining)):
    yield


def in_use() -> bool:
  """Whether results are recorded or replayed."""
  return _take.current is not None


def kept_value(compute: _Compute) -> tf.Tensor:
  """A result without a gradient, such as a custom gradient needs.

  Args:
    compute: gives the result.
  """
  take = _take.current
  return compute() if take is None else take(compute)


def kept_result(
  function: Callable[..., tf.Tensor], *inputs: tf.Tensor
) -> tf.Tensor:
  """The result of a function, differentiable as the function is.

  Args:
    function: its gradient should not need its result: that is what is spared.
    *inputs: of the function.
  """
  if not in_use():
    return function(*inputs)

  @tf.custom_gradient
  def keeping(*inputs):
    # One tensor may be given twice: each place has a gradient of its own.
    places = list(map(tf.identity, inputs))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(places)
      # A graph does not run it where the kept result takes its place.
      result = function(*places)

    def gradient(upstream):
      return tape.gradient(result, places, output_gradients=upstream)

    return tf.identity(kept_value(lambda: result)), gradient

  return keeping(*inputs)
