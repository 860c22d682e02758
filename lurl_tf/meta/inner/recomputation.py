# SPDX-License-Identifier: Apache-2.0
"""Recomputation: backward passes with less memory and more arithmetic."""

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from lurl_tf.rule.arithmetic.kept_results import recorded, replayed


def recomputed(
  function: Callable[..., Any], keep_products: bool = False
) -> Callable[..., Any]:
  """Wraps a function so that its backward pass recomputes intermediate results.

  `tf.recompute_grad` does not accept nested structures.

  Args:
    function: Function from nested structures of tensors to a nested structure.
      Gradients flow to its floating-point arguments, not to captured tensors.
    keep_products: Whether to keep the results that rules mark as expensive, see
      `kept_results`.

  Returns:
    Function of the same arguments.
  """
  nothing = contextlib.nullcontext()

  def wrapped(*arguments):
    structure = []

    @tf.custom_gradient
    def call(*tensors):
      with recorded() if keep_products else nothing as results:
        outputs = function(*tf.nest.pack_sequence_as(arguments, tensors))
      structure.append(outputs)
      floating = [tensor for tensor in tensors if tensor.dtype.is_floating]

      def gradient(*upstream):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
          tape.watch(floating)
          with replayed(results) if keep_products else nothing:
            again = function(*tf.nest.pack_sequence_as(arguments, tensors))
        gradients = iter(
          tape.gradient(
            tf.nest.flatten(again),
            floating,
            output_gradients=upstream,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
          )
        )
        return [
          next(gradients) if tensor.dtype.is_floating else None
          for tensor in tensors
        ]

      return tuple(tf.nest.flatten(outputs)), gradient

    results = call(*tf.nest.flatten(arguments))
    return tf.nest.pack_sequence_as(structure[-1], results)

  return wrapped
