# SPDX-License-Identifier: Apache-2.0
"""Convolution and normalisation by TensorFlow's own operations.

Outside XLA they are fast, and so are their gradients, on CPUs (oneDNN) and GPUs
(cuDNN). XLA's CPU compiler has no fast ones: use matrix products there. They
are chosen by `arithmetic_scope(layers="library")`.
"""

from collections.abc import Callable

import tensorflow as tf

from lurl_tf.rule.arithmetic.scope import current_arithmetic


def in_use(inputs: tf.Tensor) -> bool:
  """Returns whether this file's layers compute `inputs`; float64 never is."""
  chosen = current_arithmetic().layers == "library"
  return chosen and inputs.dtype in (tf.float32, tf.bfloat16)


def convolve(
  inputs: tf.Tensor, kernel: tf.Tensor, over_units: bool
) -> tf.Tensor:
  """Convolves along one axis with stride 1, zero-padded to equal length.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[taps, c, c']`, or with the leading axes of `inputs`.
    over_units: Whether to convolve along units; otherwise along examples.

  Returns:
    `[..., u, b, c']`, of the arithmetic's `product_dtype`.
  """
  dtype = tf.as_dtype(current_arithmetic().product_dtype)
  inputs, kernel = (tf.cast(each, dtype) for each in (inputs, kernel))
  layer = _convolve_units if over_units else _convolve_examples
  return _each_task(layer, inputs, kernel)


def normalize(
  inputs: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tf.Tensor:
  """Normalises channels over units and examples, and adds an offset.

  Args:
    inputs: `[..., u, b, c]`.
    offset: `[1, 1, c]`, or with the leading axes of `inputs`.
    epsilon: Number added to the variance.

  Returns:
    `[..., u, b, c]`, of the type of `inputs`.
  """

  def one_task(inputs, offset):
    offset = tf.reshape(offset, [-1])
    outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(
      inputs, tf.ones_like(offset), offset, epsilon=epsilon, is_training=True
    )
    return outputs

  return _each_task(one_task, inputs, offset)


def _convolve_examples(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  return tf.nn.conv2d(inputs, kernel[tf.newaxis], strides=1, padding="SAME")


@tf.custom_gradient
def _convolve_units(inputs: tf.Tensor, kernel: tf.Tensor):
  filters = kernel[:, tf.newaxis]

  def gradient(upstream):
    by_inputs = tf.raw_ops.Conv2DBackpropInput(
      input_sizes=inputs.shape,
      filter=filters,
      out_backprop=upstream,
      strides=[1, 1, 1, 1],
      padding="SAME",
    )
    taps = kernel.shape[0]
    return by_inputs, _gradient_by_units_kernel(inputs, upstream, taps)

  return tf.nn.conv2d(inputs, filters, strides=1, padding="SAME"), gradient


def _gradient_by_units_kernel(
  inputs: tf.Tensor, upstream: tf.Tensor, taps: int
) -> tf.Tensor:
  """Computes one product per tap, faster on CPUs than the library's gradient.

  A neighbouring unit is a whole block of rows away, so no row is copied.
  """
  inputs, upstream = inputs[0], upstream[0]
  units = inputs.shape[0]
  by_tap = []
  for tap in range(taps):
    offset = tap - taps // 2
    seen = inputs[max(0, offset) : units + min(0, offset)]
    seeing = upstream[max(0, -offset) : units + min(0, -offset)]
    by_tap.append(
      tf.matmul(
        tf.reshape(seen, [-1, inputs.shape[-1]]),
        tf.reshape(seeing, [-1, upstream.shape[-1]]),
        transpose_a=True,
      )
    )
  return tf.stack(by_tap)


def _each_task(
  layer: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
  inputs: tf.Tensor,
  parameter: tf.Tensor,
) -> tf.Tensor:
  """Applies a layer of `[1, u, b, c]` to every task, with its parameter.

  The parameter has three axes, after a leading axis of tasks where it has one.
  """
  lead = inputs.shape[:-3]
  tasks = tf.reshape(inputs, [-1, *inputs.shape[-3:]])
  count = tasks.shape[0]
  parameters = tf.reshape(parameter, [-1, *parameter.shape[-3:]])
  parameters = tf.unstack(parameters) * (count // parameters.shape[0])
  # `split`, since the gradient of a slice is as large as the whole tensor.
  outputs = tf.concat(
    list(map(layer, tf.split(tasks, count), parameters)), axis=0
  )
  return tf.reshape(outputs, [*lead, *outputs.shape[1:]])
