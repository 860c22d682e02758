# SPDX-License-Identifier: Apache-2.0
"""One application of a rule to the layers of a Keras model."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import keras
import tensorflow as tf

from lurl_tf.layers import LocalRuleDense
from lurl_tf.layers.forward_pass import Moments, forward_with_moments
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from lurl_tf.rule.inner_step import Rule
from lurl_tf.structures import Activations


class StepReport(NamedTuple):
  """Result of one step.

  Attributes:
    features: Features `[b, u]` of the top layer, before the step.
    update_norm: Norm of all proposed changes together.
    weight_norm: Norm of all kernels and biases together, after the step.
    dead_share: Share of the units whose output does not vary over the batch.
  """

  features: tf.Tensor
  update_norm: tf.Tensor
  weight_norm: tf.Tensor
  dead_share: tf.Tensor


class RuleMetrics:
  """Means of the numbers of a `StepReport` over the steps of an epoch."""

  def __init__(self):
    self.means = [keras.metrics.Mean(name) for name in StepReport._fields[1:]]

  def update(self, report: StepReport) -> None:
    """Adds a step.

    Args:
      report: Result of the step.
    """
    for mean, value in zip(self.means, report[1:]):
      mean.update_state(value)


class RuleStep:
  """Applies a rule to a chain of layers with a Keras optimizer.

  Args:
    rule: Rule that proposes the changes.
    layers: Layers of the chain, bottom first.
    optimizer: Keras optimizer, built on `chain_variables(layers)`.
    jit_compile: Whether XLA compiles the step.
    convolutions: Convolutions of a learned rule with many channels, `"direct"`
      or `"winograd"`; `"auto"` is `"winograd"` with XLA on CPUs.
  """

  def __init__(
    self,
    rule: Rule,
    layers: Sequence[LocalRuleDense],
    optimizer: keras.optimizers.Optimizer,
    jit_compile: bool,
    convolutions: Literal["auto", "direct", "winograd"],
  ):
    if convolutions == "auto":
      pays = jit_compile and _only_cpus()
      convolutions = "winograd" if pays else "direct"
    self._convolutions = convolutions
    self._rule, self._layers, self._optimizer = rule, layers, optimizer
    self._trace_count = 0
    self._step = self._take_step
    if jit_compile:
      self._step = tf.function(
        self._take_step, jit_compile=True, autograph=False
      )
    self._moments = tf.function(
      lambda inputs: self._forward(inputs)[1],
      jit_compile=jit_compile,
      autograph=False,
    )

  @property
  def trace_count(self) -> int:
    """Number of traces of the step; in eager mode, of its calls."""
    return self._trace_count

  def __call__(
    self, inputs: tf.Tensor, labels: tf.Tensor | None = None
  ) -> StepReport:
    """Changes the layers' weights and moving statistics.

    Args:
      inputs: Inputs of the chain `[b, i]`.
      labels: Class numbers `[b]`, or one-hot `[b, k]`, for a supervised rule.

    Returns:
      Features and norms.
    """
    return self._step(inputs, labels)

  def moments(self, inputs: tf.Tensor) -> tuple[Moments, ...]:
    """Computes the statistics of every layer for one batch.

    Args:
      inputs: Inputs of the chain `[b, i]`.

    Returns:
      `Moments` of every layer, bottom first.
    """
    return self._moments(inputs)

  def _forward(
    self, inputs: tf.Tensor
  ) -> tuple[Activations, tuple[Moments, ...]]:
    return forward_with_moments(
      [layer.layer_weights for layer in self._layers],
      tf.cast(inputs, self._layers[0].variable_dtype),
      [layer.activation for layer in self._layers],
    )

  def _take_step(self, inputs, labels):
    self._trace_count += 1
    weights = tuple(layer.layer_weights for layer in self._layers)
    activations, moments = self._forward(inputs)
    rule = self._rule
    if getattr(rule, "needs_targets", False):
      rule = rule.with_targets(self._one_hot(labels, inputs.dtype))
    with arithmetic_scope(convolutions=self._convolutions):
      changes = tf.nest.flatten(rule(weights, activations))
    variables = chain_variables(self._layers)
    self._optimizer.apply(changes, variables)
    for layer, own_moments in zip(self._layers, moments):
      layer.update_moving_statistics(own_moments)
    return StepReport(
      activations.features,
      tf.linalg.global_norm(changes),
      tf.linalg.global_norm(
        [
          tf.convert_to_tensor(variable)
          for layer in self._layers
          for variable in (layer.kernel, layer.bias)
        ]
      ),
      _dead_share(activations),
    )

  def _one_hot(self, labels, dtype):
    if labels.shape.rank == 2 and labels.shape[-1] > 1:
      return tf.cast(labels, dtype)
    classes = self._layers[-1].units
    return tf.one_hot(tf.reshape(labels, [-1]), classes, dtype=dtype)


def chain_variables(
  layers: Sequence[LocalRuleDense],
) -> list[keras.Variable]:
  """Variables that a rule changes, in the order of `LayerWeights`.

  Args:
    layers: Layers of the chain, bottom first.

  Returns:
    Kernel, bias and backward kernel of every layer.
  """
  return [
    variable
    for layer in layers
    for variable in (layer.kernel, layer.bias, layer.backward_kernel)
  ]


def _only_cpus() -> bool:
  """Whether TensorFlow has CPUs only; Winograd was not measured elsewhere."""
  devices = tf.config.list_logical_devices()
  return all(device.device_type == "CPU" for device in devices)


def _dead_share(activations: Activations) -> tf.Tensor:
  constant = [
    tf.reduce_all(values == values[:1], axis=0)
    for values in activations.post_activations
  ]
  return tf.reduce_mean(
    tf.cast(tf.concat(constant, axis=0), activations.inputs.dtype)
  )
