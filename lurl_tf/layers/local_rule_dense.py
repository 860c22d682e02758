# SPDX-License-Identifier: Apache-2.0
"""A dense Keras layer that an update rule can train."""

from typing import Any

import keras

from lurl_tf import activations
from lurl_tf.layers.forward_pass import (
  Moments,
  activate,
  batch_moments,
  forward_layer,
)
from lurl_tf.layers.initial_weights import BIAS_STDDEV, KERNEL_STDDEV
from lurl_tf.structures import LayerWeights

MOMENTUM = 0.9


@keras.saving.register_keras_serializable(package="lurl_tf")
class LocalRuleDense(keras.layers.Layer):
  """Dense layer with batch normalisation and backward weights.

  `outputs = activation(normalize(inputs @ kernel) + bias)`, without a learned
  scale. Update rules also use `backward_kernel`, which carries the error signal
  downwards and does not affect the outputs.

  Like `keras.layers.BatchNormalization`, the layer uses the statistics of the
  batch in training and moving statistics in inference, where the outputs of an
  example do not depend on the other examples. With `batch_statistics=True`, it
  always uses those of the batch, which is the published protocol (Metz et al.
  2019, section 3.1). Moving statistics lag behind weights that change at every
  step; `LocalRuleModel.fit` ends with a pass that recomputes them.

  Inference is written in `keras.ops` and runs on every backend of Keras.

  Args:
    units: Number of outputs.
    activation: Name of an activation of Keras or `"step"`, or a callable.
    batch_statistics: Whether inference uses the statistics of the batch.
    momentum: Share of the moving statistics that a training step keeps.
    kernel_initializer: Initializer of `kernel`; None for a truncated normal
      distribution of standard deviation 0.01.
    bias_initializer: Initializer of `bias`; None for a truncated normal
      distribution of standard deviation 0.1.
    backward_kernel_initializer: Initializer of `backward_kernel`; None for a
      truncated normal distribution of standard deviation 0.01.
    **kwargs: `name`, `dtype` and `trainable` of `keras.layers.Layer`.

  Call arguments:
    inputs: `[b, i]`.
    training: Whether the layer is being trained. Without effect if the layer is
      not `trainable`.

  Returns:
    `[b, units]`.

  Raises:
    ValueError: If `units` is not a positive integer, `momentum` is not from 0
      to 1, or the inputs are not of rank 2.

  Example:

  >>> layer = lurl_tf.LocalRuleDense(3)
  >>> layer(tf.random.stateless_normal([5, 4], (0, 1))).shape
  TensorShape([5, 3])
  """

  def __init__(
    self,
    units,
    activation="relu",
    batch_statistics=False,
    momentum=MOMENTUM,
    kernel_initializer=None,
    bias_initializer=None,
    backward_kernel_initializer=None,
    **kwargs,
  ):
    super().__init__(**kwargs)
    if not isinstance(units, int) or isinstance(units, bool) or units < 1:
      raise ValueError(
        f"`units` must be a positive integer. Received: units={units!r}"
      )
    if not 0 <= momentum <= 1:
      raise ValueError(
        f"`momentum` must be from 0 to 1. Received: momentum={momentum!r}"
      )
    self.units = units
    self.activation = activations.get(activation)
    self.batch_statistics = bool(batch_statistics)
    self.momentum = momentum

    def initializer(given, stddev):
      if given is None:
        return keras.initializers.TruncatedNormal(stddev=stddev)
      return keras.initializers.get(given)

    self.kernel_initializer = initializer(kernel_initializer, KERNEL_STDDEV)
    self.bias_initializer = initializer(bias_initializer, BIAS_STDDEV)
    self.backward_kernel_initializer = initializer(
      backward_kernel_initializer, KERNEL_STDDEV
    )
    self.input_spec = keras.layers.InputSpec(ndim=2)

  def build(self, input_shape):
    kernel_shape = (input_shape[-1], self.units)
    self.kernel = self.add_weight(
      name="kernel", shape=kernel_shape, initializer=self.kernel_initializer
    )
    self.bias = self.add_weight(
      name="bias", shape=(self.units,), initializer=self.bias_initializer
    )
    # Not trainable, since only rules change it: it has no gradient.
    self.backward_kernel = self.add_weight(
      name="backward_kernel",
      shape=kernel_shape,
      initializer=self.backward_kernel_initializer,
      trainable=False,
    )
    self.moving_mean, self.moving_variance = (
      self.add_weight(
        name=name,
        shape=(self.units,),
        initializer=initializer,
        trainable=False,
        autocast=False,
      )
      for name, initializer in (
        ("moving_mean", "zeros"),
        ("moving_variance", "ones"),
      )
    )
    self.input_spec = keras.layers.InputSpec(ndim=2, axes={-1: input_shape[-1]})

  def call(self, inputs, training=None):
    linear = keras.ops.matmul(inputs, self.kernel)
    # Half precision is too small for sums over many examples.
    linear = keras.ops.cast(
      linear, keras.backend.result_type(self.compute_dtype, "float32")
    )
    training = training and self.trainable
    if training or self.batch_statistics:
      moments = batch_moments(linear)
    else:
      moments = Moments(
        keras.ops.cast(self.moving_mean, linear.dtype),
        keras.ops.cast(self.moving_variance, linear.dtype),
      )
    if training:
      self.update_moving_statistics(moments)
    bias = keras.ops.cast(self.bias, linear.dtype)
    _, outputs = activate(linear, moments, bias, self.activation)
    return keras.ops.cast(outputs, self.compute_dtype)

  def activations(self, inputs: Any) -> tuple[Any, Any]:
    """Computes pre- and post-activations with the statistics of this batch.

    Args:
      inputs: `[b, i]`.

    Returns:
      z and x, each `[b, units]`.
    """
    return forward_layer(self.layer_weights, inputs, self.activation)

  def update_moving_statistics(self, moments: Moments) -> None:
    """Updates the moving statistics with those of a batch.

    Args:
      moments: `Moments` of `inputs @ kernel`, `[1, units]` or `[units]`.
    """
    for variable, value in zip(
      (self.moving_mean, self.moving_variance), moments
    ):
      value = keras.ops.cast(
        keras.ops.reshape(value, variable.shape), variable.dtype
      )
      variable.assign(variable * self.momentum + value * (1.0 - self.momentum))

  @property
  def layer_weights(self) -> LayerWeights:
    """The layer's weights as tensors."""
    variables = (self.kernel, self.bias, self.backward_kernel)
    # Copies, since the variables may change later.
    return LayerWeights(*(keras.ops.copy(variable) for variable in variables))

  def assign_layer_weights(self, weights: LayerWeights) -> None:
    """Sets kernel, bias and backward kernel.

    Args:
      weights: `LayerWeights` of this layer's shapes.
    """
    self.kernel.assign(weights.kernel)
    self.bias.assign(weights.bias)
    self.backward_kernel.assign(weights.backward_kernel)

  def compute_output_shape(self, input_shape):
    return (*input_shape[:-1], self.units)

  def get_config(self):
    serialize = keras.initializers.serialize
    return {
      **super().get_config(),
      "units": self.units,
      "activation": keras.activations.serialize(self.activation),
      "batch_statistics": self.batch_statistics,
      "momentum": self.momentum,
      "kernel_initializer": serialize(self.kernel_initializer),
      "bias_initializer": serialize(self.bias_initializer),
      "backward_kernel_initializer": serialize(
        self.backward_kernel_initializer
      ),
    }
