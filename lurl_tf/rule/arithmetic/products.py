# SPDX-License-Identifier: Apache-2.0
"""Matrix products, of float32 factors or of factors rounded to bfloat16.

Some processors multiply bfloat16 numbers several times faster. Only the factors
are rounded: sums, results and gradients are of the tensors' own type. Outside
of XLA, TensorFlow's processor kernels have no such product.
"""

from contextlib import AbstractContextManager

import tensorflow as tf

from lurl_tf.rule.arithmetic.scope import Scope

_rounds = Scope(outside=False)


def rounded_products(product_dtype: str) -> AbstractContextManager[None]:
  """Within it, `product` rounds float32 factors; also in its gradients.

  Args:
    product_dtype: "bfloat16"; "float32" rounds nothing.
  """
  return _rounds.of(product_dtype == "bfloat16")


def product(
  left: tf.Tensor, right: tf.Tensor, transpose_right: bool = False
) -> tf.Tensor:
  """Matrix product over the last two axes.

  Args:
    left: `[..., m, k]`.
    right: `[..., k, n]` or `[k, n]`; transposed: `[..., n, k]`.
    transpose_right: whether `right` is to be transposed.

  Returns:
    `[..., m, n]`, of the type of `left`.
  """
  if not _rounds.current or left.dtype != tf.float32:
    return tf.matmul(left, right, transpose_b=transpose_right)

  @tf.custom_gradient
  def rounded(left, right):
    def gradient(upstream):
      if transpose_right:
        by_right = _rounded(upstream, left, transpose_a=True)
      else:
        by_right = _rounded(left, upstream, transpose_a=True)
      by_left = _rounded(upstream, right, transpose_b=not transpose_right)
      return _sum_to(by_left, left.shape), _sum_to(by_right, right.shape)

    return _rounded(left, right, transpose_b=transpose_right), gradient

  return rounded(left, right)


def _rounded(left: tf.Tensor, right: tf.Tensor, **transposed) -> tf.Tensor:
  return tf.matmul(
    tf.cast(left, tf.bfloat16),
    tf.cast(right, tf.bfloat16),
    output_type=tf.float32,
    **transposed,
  )


def _sum_to(gradient: tf.Tensor, shape: tf.TensorShape) -> tf.Tensor:
  """Sums over leading axes that the factor does not have."""
  extra = gradient.shape.rank - shape.rank
  return tf.reduce_sum(gradient, axis=list(range(extra)))
