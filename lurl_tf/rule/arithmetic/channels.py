# SPDX-License-Identifier: Apache-2.0
"""Maps of channels: the layers that a rule's networks are made of.

All take tensors laid out `[..., u, b, c]`, so that what is contracted over
examples or units is contiguous, and meta-parameters with or without the leading
axis of tasks that the tensors have.
"""

import functools
import itertools
from collections.abc import Callable, Sequence

import tensorflow as tf

from lurl_tf.rule.arithmetic import kept_results, library_layers, winograd
from lurl_tf.rule.arithmetic.computed_once import computed_once
from lurl_tf.rule.arithmetic.kept_results import kept_result, kept_value
from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.arithmetic.shift import shift

EXAMPLES_AXIS = -2
UNITS_AXIS = -3
VARIANCE_EPSILON = 1e-3

Nonlinearity = Callable[[tf.Tensor], tf.Tensor]


def linear(inputs: tf.Tensor, parameters: Linear) -> tf.Tensor:
  """Affine map of channels, `[..., u, b, c]` to `[..., u, b, c']`."""
  # The library's layers may give rounded numbers: these stay rounded.
  kernel, bias = (tf.cast(each, inputs.dtype) for each in parameters)
  return _multiply(inputs, kernel) + _spread(bias)


def project(
  inputs: tf.Tensor, groups: Sequence[Sequence[Linear]]
) -> list[list[tf.Tensor]]:
  """Affine maps of the same channels, a product for every group.

  The library's layers make one product of all groups: there, the inputs are
  read from memory, and their gradient is written, for every product.

  Args:
    inputs: `[..., u, b, c]`.
    groups: of maps.

  Returns:
    `[..., u, b, c']` for every map of every group.
  """
  if not library_layers.in_use(inputs):
    return [_project_together(inputs, group) for group in groups]
  outputs = iter(_project_together(inputs, [*itertools.chain(*groups)]))
  return [[next(outputs) for _ in group] for group in groups]


def normalize(inputs: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
  """Batch normalisation of channels over units and examples, with an offset.

  Its gradient is written out, in fewer passes over the inputs than automatic
  differentiation takes. The sums are of sums, not of plain products, for which
  XLA's CPU compiler has no fast reduction.

  Args:
    inputs: `[..., u, b, c]`.
    offset: `[1, 1, c]`.

  Returns:
    `[..., u, b, c]`.
  """
  if library_layers.in_use(inputs):
    return library_layers.normalize(inputs, offset, VARIANCE_EPSILON)

  keeps = kept_results.in_use()

  @tf.custom_gradient
  def standardize(values):
    mean = kept_value(lambda: _mean(values))
    centred = values - mean
    inverse = kept_value(
      lambda: tf.math.rsqrt(_mean(tf.square(centred) + VARIANCE_EPSILON))
    )

    def gradient(upstream):
      standardized = (values - mean) * inverse
      level = _mean(upstream)
      slope = _mean(upstream * standardized + upstream) - level
      by_values = inverse * (upstream - level - slope * standardized)
      return computed_once(by_values, level) if keeps else by_values

    return centred * inverse, gradient

  return standardize(inputs) + offset


def convolve(inputs: tf.Tensor, kernel: tf.Tensor, axis: int) -> tf.Tensor:
  """Convolution of stride 1, zero-padded to equal length, along one axis.

  It is written as one product for all taps and a sum of shifted parts: XLA's
  CPU compiler has no fast gradient of a convolution.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[taps, c, c']`, an odd number of taps.
    axis: `EXAMPLES_AXIS` or `UNITS_AXIS`, the neighbours that are seen.

  Returns:
    `[..., u, b, c']`.
  """
  if library_layers.in_use(inputs):
    return library_layers.convolve(inputs, kernel, axis == UNITS_AXIS)
  if winograd.in_use(kernel):
    return winograd.convolve(inputs, kernel, axis)
  *lead, taps, channels, outputs = kernel.shape
  order = [*range(len(lead)), *(len(lead) + i for i in (1, 0, 2))]
  together = tf.reshape(
    tf.transpose(kernel, order), [*lead, channels, taps * outputs]
  )
  parts = tf.split(_multiply(inputs, together), taps, axis=-1)
  return tf.add_n(
    [shift(part, tap - taps // 2, axis) for tap, part in enumerate(parts)]
  )


def pool(
  inputs: tf.Tensor, kernel: tf.Tensor, constants: tf.Tensor | None = None
) -> tf.Tensor:
  """Map of a unit's own channels and of their means; free of any order.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[3, c, c']`: for the unit itself, for its mean over examples, for
      the mean over the layer's units.
    constants: `[..., u, 1, k]`, the first k of the c channels, if they are the
      same for all examples; those of `inputs` are the others then.

  Returns:
    `[..., u, b, c']`.
  """
  factors = [_join(constants, inputs)]
  for axis in (EXAMPLES_AXIS, UNITS_AXIS):
    # Not the mean of what is joined: XLA's CPU compiler has no fast one.
    means = (_kept_mean(part, axis) for part in (constants, inputs))
    factors.append(_join(*means))
  return kept_result(_add_products, kernel, *factors)


def mix(
  inputs: tf.Tensor,
  parameters: Mixer | NormalizedMixer,
  mixing: str,
  axis: int,
  constants: tf.Tensor | None = None,
) -> tf.Tensor:
  """`convolve` or `pool`, by the rule's kind of mixing, without the bias.

  Args:
    inputs: `[..., u, b, c]`.
    parameters: of the mixer.
    mixing: `"published"` or `"pooled"`.
    axis: of the neighbours that are seen, where mixing is published.
    constants: `[..., u, 1, k]`, channels before those of the inputs, the same
      for all examples; or None.

  Returns:
    `[..., u, b, c']`.
  """
  if mixing == "pooled":
    return pool(inputs, parameters.kernel, constants)
  layer = functools.partial(convolve, axis=axis)
  return kept_result(layer, _join(constants, inputs), parameters.kernel)


def mix_and_normalize(
  inputs: tf.Tensor,
  parameters: NormalizedMixer,
  mixing: str,
  axis: int,
  nonlinearity: Nonlinearity,
  constants: tf.Tensor | None = None,
) -> tf.Tensor:
  """Mixes as `mix` does, normalises and applies the nonlinearity.

  The mixer's bias would be cancelled by the normalisation: it is not computed.
  """
  mixed = mix(inputs, parameters, mixing, axis, constants)
  return nonlinearity(normalize(mixed, parameters.offset))


def add_bias(inputs: tf.Tensor, parameters: Mixer) -> tf.Tensor:
  """Adds a mixer's bias, for mixers that no normalisation follows."""
  # The library's layers may give rounded numbers.
  return tf.cast(inputs, parameters.bias.dtype) + _spread(parameters.bias)


def _project_together(
  inputs: tf.Tensor, maps: Sequence[Linear]
) -> list[tf.Tensor]:
  together = Linear(
    tf.concat([each.kernel for each in maps], axis=-1),
    tf.concat([each.bias for each in maps], axis=-1),
  )
  sizes = [each.bias.shape[-1] for each in maps]
  return tf.split(linear(inputs, together), sizes, axis=-1)


def _multiply(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """`[..., u, b, c]` times `[c, c']` or `[..., c, c']`, as one product."""
  *lead, units, examples, channels = inputs.shape
  rows = units * examples
  if kernel.shape.rank == 2:
    flat = tf.reshape(inputs, [-1, channels])
  else:
    flat = tf.reshape(inputs, [*lead, rows, channels])
  outputs = product(flat, kernel)
  return tf.reshape(outputs, [*lead, units, examples, kernel.shape[-1]])


def _mean(values: tf.Tensor) -> tf.Tensor:
  """Mean over units and examples, `[..., 1, 1, c]`."""
  return tf.reduce_mean(values, axis=[UNITS_AXIS, EXAMPLES_AXIS], keepdims=True)


def _join(constants: tf.Tensor | None, inputs: tf.Tensor) -> tf.Tensor:
  """Channels that are the same for all examples, before those of inputs."""
  if constants is None:
    return inputs
  shape = [*inputs.shape[:-1], constants.shape[-1]]
  return tf.concat([tf.broadcast_to(constants, shape), inputs], axis=-1)


def _kept_mean(values: tf.Tensor | None, axis: int) -> tf.Tensor | None:
  """Mean along one axis, of length 1 then."""
  if values is None:
    return None
  mean = functools.partial(tf.reduce_mean, axis=axis, keepdims=True)
  return kept_result(mean, values)


def _add_products(kernel: tf.Tensor, *factors: tf.Tensor) -> tf.Tensor:
  """Sum of every factor, `[..., u, b, c]`, times its part of the kernel."""
  parts = tf.unstack(kernel, axis=-3)
  return functools.reduce(tf.add, map(_multiply, factors, parts))


def _spread(bias: tf.Tensor) -> tf.Tensor:
  """`[..., c]` as `[..., 1, 1, c]`."""
  return bias[..., tf.newaxis, tf.newaxis, :]
