# SPDX-License-Identifier: Apache-2.0
"""Maps of channels: the layers of a rule's networks.

All take tensors `[..., u, b, c]`, a layout in which contractions over examples
or units read contiguous memory. Meta-parameters may have the leading axis of
tasks of the tensors, or lack it. Section 2 of `docs/the_rule.md` has the
formulas.
"""

import functools
import itertools
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.rule.arithmetic import kept_results, library_layers, winograd
from lurl_tf.rule.arithmetic.computed_once import computed_once
from lurl_tf.rule.arithmetic.kept_results import kept_result, kept_value
from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.arithmetic.shift import shift

EXAMPLES_AXIS = -2
UNITS_AXIS = -3
# Added to the variance; Sonnet's default, which the released program uses.
VARIANCE_EPSILON = 1e-3


def rectify(values: tf.Tensor) -> tf.Tensor:
  """The nonlinearity of the rule's networks, max(0, x).

  Args:
    values: Tensor.

  Returns:
    Tensor of the shape of `values`.
  """
  return tf.nn.relu(values)


def linear(inputs: tf.Tensor, parameters: Linear) -> tf.Tensor:
  """Applies an affine map of channels.

  Args:
    inputs: `[..., u, b, c]`.
    parameters: `Linear` with a kernel of `[c, c']`.

  Returns:
    `[..., u, b, c']`, of the type of `inputs`.
  """
  # Inputs that were rounded to bfloat16 stay so.
  kernel, bias = (tf.cast(each, inputs.dtype) for each in parameters)
  return _multiply(inputs, kernel) + _spread(bias)


def project(
  inputs: tf.Tensor, groups: Sequence[Sequence[Linear]]
) -> list[list[tf.Tensor]]:
  """Applies several affine maps to the same channels, one product per group.

  With the library's layers, all groups make one product: there, every product
  reads the inputs from memory and writes their gradient.

  Args:
    inputs: `[..., u, b, c]`.
    groups: Groups of `Linear` maps.

  Returns:
    `[..., u, b, c']` for every map of every group.
  """
  if not library_layers.in_use(inputs):
    return [_project_together(inputs, group) for group in groups]
  outputs = iter(_project_together(inputs, [*itertools.chain(*groups)]))
  return [[next(outputs) for _ in group] for group in groups]


def normalize(inputs: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
  """Normalises channels over units and examples, and adds an offset.

      (x - mean(x)) / sqrt(var(x) + 1e-3) + offset

  The gradient is written out, since automatic differentiation takes more passes
  over the inputs. XLA's CPU compiler has no fast reduction of a plain product,
  so the reductions are of sums.

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
  """Convolves along one axis with stride 1, zero-padded to equal length.

      y[n] = sum over taps t of x[n + t - (taps - 1) / 2] @ kernel[t]

  It is one product for all taps and a sum of shifted parts, since XLA's CPU
  compiler has no fast gradient of a convolution.

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[taps, c, c']`, an odd number of taps.
    axis: Axis of the neighbours, `EXAMPLES_AXIS` or `UNITS_AXIS`.

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
  """Maps a unit's own channels and their means, independent of any order.

      y = x @ kernel[0] + mean_b(x) @ kernel[1] + mean_u(x) @ kernel[2]

  Args:
    inputs: `[..., u, b, c]`.
    kernel: `[3, c, c']`: for the unit itself, for its mean over examples, and
      for the mean over the layer's units.
    constants: `[..., u, 1, k]`, the first k of the c channels, if they are the
      same for all examples. `inputs` then holds the other channels.

  Returns:
    `[..., u, b, c']`.
  """
  factors = [_join(constants, inputs)]
  for axis in (EXAMPLES_AXIS, UNITS_AXIS):
    # XLA's CPU compiler has no fast mean of a concatenation.
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
  """Applies `convolve` or `pool`, without the bias.

  Args:
    inputs: `[..., u, b, c]`.
    parameters: Parameters of the mixer.
    mixing: `"published"` to convolve, `"pooled"` to pool.
    axis: Axis of the neighbours, for published mixing.
    constants: `[..., u, 1, k]`, channels that are the same for all examples,
      before those of the inputs; or None.

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
  constants: tf.Tensor | None = None,
) -> tf.Tensor:
  """Applies `mix`, `normalize` and `rectify`.

  The mixer's bias is left out, since the normalisation would cancel it.

  Args:
    inputs: `[..., u, b, c]`.
    parameters: Parameters of the mixer.
    mixing: `"published"` or `"pooled"`.
    axis: Axis of the neighbours, for published mixing.
    constants: See `mix`.

  Returns:
    `[..., u, b, c']`.
  """
  mixed = mix(inputs, parameters, mixing, axis, constants)
  return rectify(normalize(mixed, parameters.offset))


def add_bias(inputs: tf.Tensor, parameters: Mixer) -> tf.Tensor:
  """Adds a mixer's bias, for mixers without a normalisation after them.

  Args:
    inputs: `[..., u, b, c]`.
    parameters: Parameters of the mixer.

  Returns:
    `[..., u, b, c]`, of the type of the bias.
  """
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
  """Puts channels that are the same for all examples before the inputs'."""
  if constants is None:
    return inputs
  shape = [*inputs.shape[:-1], constants.shape[-1]]
  return tf.concat([tf.broadcast_to(constants, shape), inputs], axis=-1)


def _kept_mean(values: tf.Tensor | None, axis: int) -> tf.Tensor | None:
  """Mean along one axis, which is kept with length 1."""
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
