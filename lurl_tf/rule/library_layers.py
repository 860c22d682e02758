# SPDX-License-Identifier: Apache-2.0
"""Convolution and normalisation by TensorFlow's own operations.

Its libraries have fast ones, with fast gradients, for processors (oneDNN) and
GPUs (cuDNN). XLA's CPU compiler has not: within it, use matrix products.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

import tensorflow as tf

_scope = threading.local()


@contextlib.contextmanager
def library_layers(dtype: str) -> Iterator[None]:
  """Within it, the rule's networks are made of this file's layers.

  Args:
    dtype: "float32"; or "bfloat16": convolutions take and give numbers of that
      type. Sums within them, statistics and meta-parameters stay float32.
  """
  before = getattr(_scope, "dtype", None)
  _scope.dtype = tf.as_dtype(dtype)
  try:
    yield
  finally:
    _scope.dtype = before


def in_use(inputs: tf.Tensor) -> bool:
  """Whether inputs are for this file's layers; those of float64 never are."""
  inside = getattr(_scope, "dtype", None) is not None
  return inside and inputs.dtype in (tf.float32, tf.bfloat16)


def convolve(
  inputs: tf.Tensor, kernel: tf.Tensor, over_units: bool
) -> tf.Tensor:
  """Convolution of stride 1, zero-padded to equal length, along one axis.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[taps, c, c']`, or with the leading axes of `inputs`.
    over_units: along units; otherwise along examples.

  Returns:
    `[..., u, b, c']`, of the scope's type.
  """
  inputs, kernel = (tf.cast(each, _scope.dtype) for each in (inputs, kernel))
  seen_alone = 1 if over_units else 0

  def one_task(inputs, kernel):
    return tf.nn.conv2d(
      inputs, tf.expand_dims(kernel, seen_alone), strides=1, padding="SAME"
    )

  return _each_task(one_task, inputs, kernel)


def normalize(
  inputs: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tf.Tensor:
  """Batch normalisation of channels over units and examples, with an offset.

  Args:
    inputs: `[..., u, b, c]`.
    offset: `[1, 1, c]`, or with the leading axes of `inputs`.
    epsilon: added to the variance.

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


def _each_task(
  layer: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
  inputs: tf.Tensor,
  parameter: tf.Tensor,
) -> tf.Tensor:
  """Applies a layer of `[1, u, b, c]` to every task, with its parameter.

  The parameter has three axes, after those of its own tasks, if it has them.
  """
  lead = inputs.shape[:-3]
  tasks = tf.reshape(inputs, [-1, *inputs.shape[-3:]])
  own = parameter.shape.rank > 3
  parameters = tf.reshape(parameter, [-1, *parameter.shape[-3:]])
  outputs = [
    layer(tasks[index : index + 1], parameters[index if own else 0])
    for index in range(tasks.shape[0])
  ]
  outputs = outputs[0] if len(outputs) == 1 else tf.concat(outputs, axis=0)
  return tf.reshape(outputs, [*lead, *outputs.shape[1:]])
