# SPDX-License-Identifier: Apache-2.0
"""Matrix products of float32 factors, or of factors rounded to bfloat16.

Some CPUs multiply bfloat16 numbers several times faster. Only the factors are
rounded: sums, results and gradients are of the tensors' own type. TensorFlow
has no such product on CPUs outside XLA.
"""

import tensorflow as tf

from lurl_tf.rule.arithmetic.scope import current_arithmetic


def product(
  left: tf.Tensor, right: tf.Tensor, transpose_right: bool = False
) -> tf.Tensor:
  """Multiplies matrices over the last two axes.

  With `product_dtype="bfloat16"` and `layers="products"`, the current
  arithmetic rounds float32 factors, in the gradients too.

  Args:
    left: `[..., m, k]`.
    right: `[..., k, n]` or `[k, n]`; transposed: `[..., n, k]`.
    transpose_right: Whether to transpose `right`.

  Returns:
    `[..., m, n]`, of the type of `left`.
  """
  arithmetic = current_arithmetic()
  rounds = (
    arithmetic.product_dtype == "bfloat16" and arithmetic.layers == "products"
  )
  if not rounds or left.dtype != tf.float32:
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
  """Sums over the leading axes that the factor lacks."""
  extra = gradient.shape.rank - shape.rank
  return tf.reduce_sum(gradient, axis=list(range(extra)))
