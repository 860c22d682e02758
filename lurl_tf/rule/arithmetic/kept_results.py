# SPDX-License-Identifier: Apache-2.0
"""Results that are kept while the backward pass recomputes all others.

Large products are most of a rule's arithmetic, and their results few of its
arrays. To keep these, and no others, takes little time and little memory.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from lurl_tf.rule.arithmetic.scope import arithmetic_scope, current_arithmetic

_Compute = Callable[[], tf.Tensor]


@contextlib.contextmanager
def recorded() -> Iterator[list[tf.Tensor]]:
  """Collects the kept results of the code within the block.

  Yields:
    List to which every result of `kept_value` and `kept_result` is appended.
  """
  results = []

  def record(compute: _Compute) -> tf.Tensor:
    results.append(compute())
    return results[-1]

  with arithmetic_scope(keep=record):
    yield results


@contextlib.contextmanager
def replayed(results: Sequence[tf.Tensor]) -> Iterator[None]:
  """Uses recorded results within the block, in place of computing them.

  Args:
    results: List from `recorded`, in the order in which the same code asks for
      them.

  Yields:
    None.
  """
  remaining = iter(results)
  with arithmetic_scope(keep=lambda compute: next(remaining)):
    yield


def in_use() -> bool:
  """Returns whether results are recorded or replayed."""
  return current_arithmetic().keep is not None


def kept_value(compute: _Compute) -> tf.Tensor:
  """Computes a result without a gradient, or takes the recorded one.

  Args:
    compute: Function without arguments that returns the result.

  Returns:
    The result.
  """
  keep = current_arithmetic().keep
  return compute() if keep is None else keep(compute)


def kept_result(
  function: Callable[..., tf.Tensor], *inputs: tf.Tensor
) -> tf.Tensor:
  """Computes a differentiable result, or takes the recorded one.

  Args:
    function: Differentiable function. Its gradient should not need its result,
      which is not computed when it is replayed.
    *inputs: Tensors, the arguments of the function.

  Returns:
    The result, with the gradient of the function.
  """
  if not in_use():
    return function(*inputs)

  @tf.custom_gradient
  def keeping(*inputs):
    # One tensor may be given twice: each place needs a gradient of its own.
    places = list(map(tf.identity, inputs))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch(places)
      # A graph does not run this where the recorded result takes its place.
      result = function(*places)

    def gradient(upstream):
      return tape.gradient(result, places, output_gradients=upstream)

    return tf.identity(kept_value(lambda: result)), gradient

  return keeping(*inputs)
