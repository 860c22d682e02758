# SPDX-License-Identifier: Apache-2.0
"""A dense Keras layer that an update rule can train."""

import keras
import tensorflow as tf

from lurl_tf.layers.forward_pass import forward_layer
from lurl_tf.layers.initial_weights import BIAS_STDDEV, KERNEL_STDDEV
from lurl_tf.structures import LayerWeights


@keras.saving.register_keras_serializable(package="lurl_tf")
class LocalRuleDense(keras.layers.Layer):
  """Dense layer with batch normalisation and backward weights.

  `outputs = activation(normalize_batch(inputs @ kernel) + bias)`. An update
  rule also needs `backward_kernel`, which carries the error signal downwards
  and takes no part in the outputs. Batch normalisation has no scale and always
  uses the statistics of the batch at hand, as published (Metz et al. 2019,
  section 3.1), so outputs depend on the whole batch.

  Args:
    units: number of outputs.
    activation: name of a Keras activation, or a callable.
    kernel_initializer: initializer of `kernel`; default: truncated normal of
      standard deviation 0.01.
    bias_initializer: initializer of `bias`; default: truncated normal of
      standard deviation 0.1.
    backward_kernel_initializer: initializer of `backward_kernel`; default: as
      that of `kernel`.
    **kwargs: `name`, `dtype`, `trainable` of `keras.layers.Layer`.

  Call arguments:
    inputs: `[b, i]`, of two examples at least.

  Returns:
    `[b, units]`.

  Raises:
    ValueError: if `units` is not a positive integer, or the inputs are not of
      rank 2.

  Example:

  >>> layer = lurl_tf.LocalRuleDense(3)
  >>> layer(tf.random.stateless_normal([5, 4], (0, 1))).shape
  TensorShape([5, 3])
  """

  def __init__(
    self,
    units,
    activation="relu",
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
    self.units = units
    self.activation = keras.activations.get(activation)

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
    # Gradients of the outputs never reach it: only a rule changes it.
    self.backward_kernel = self.add_weight(
      name="backward_kernel",
      shape=kernel_shape,
      initializer=self.backward_kernel_initializer,
      trainable=False,
    )

  def call(self, inputs):
    return self.activations(inputs)[1]

  def activations(
    self, inputs: keras.KerasTensor
  ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Pre-activations and post-activations, each `[b, units]`."""
    return forward_layer(self.layer_weights, inputs, self.activation)

  @property
  def layer_weights(self) -> LayerWeights:
    """The layer's weights as the rule's functions take them."""
    variables = (self.kernel, self.bias, self.backward_kernel)
    # Keras's own conversion returns the variable, which may change later.
    return LayerWeights(*map(tf.convert_to_tensor, variables))

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
      "kernel_initializer": serialize(self.kernel_initializer),
      "bias_initializer": serialize(self.bias_initializer),
      "backward_kernel_initializer": serialize(
        self.backward_kernel_initializer
      ),
    }
