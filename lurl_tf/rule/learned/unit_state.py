# SPDX-License-Identifier: Apache-2.0
"""The network that computes every unit's state h.

Section 4 of `docs/the_rule.md`.
"""

import math

import numpy as np
import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.channels import EXAMPLES_AXIS, UNITS_AXIS
from lurl_tf.rule.arithmetic.mixers import NormalizedMixer
from lurl_tf.rule.learned.competition import competition
from lurl_tf.rule.learned.parameters import UnitStateParameters

# All constants are the released program's. Added to mean squares under a root:
SECOND_MOMENT_EPSILON = 1e-6
# Added to the variances of weights under a root.
VARIANCE_EPSILON = 1e-8
# Angle of a layer's last unit; the first one is at 0.
LAST_ANGLE = 4 * math.pi


def unit_state(
  parameters: UnitStateParameters,
  mixing: str,
  pre_activations: tf.Tensor,
  post_activations: tf.Tensor,
  error_signal: tf.Tensor,
  bias: tf.Tensor,
  kernel_below: tf.Tensor | None,
  kernel_above: tf.Tensor | None,
) -> tf.Tensor:
  """Computes the state h of every unit (Metz et al. 2019, appendix B).

  Args:
    parameters: Meta-parameters, shared by all units of all layers.
    mixing: `"published"` or `"pooled"`.
    pre_activations: z, `[..., u, b]`; the inputs for the input layer.
    post_activations: x, `[..., u, b]`.
    error_signal: d, `[..., u, b, c]`.
    bias: `[..., u]`; zeros for the input layer.
    kernel_below: W between the layer below and this one, `[..., i, u]`; None
      for the input layer.
    kernel_above: W between this layer and the one above, `[..., u, j]`; None
      for the top layer.

  Returns:
    `[..., u, b, c]`, of the type of the network's last layer.
  """
  features = _activation_features(mixing, pre_activations, post_activations)
  features = tf.concat([features, error_signal], axis=-1)
  features = channels.normalize(features, parameters.input_offset)
  constants = tf.concat(
    [
      weight_statistics(kernel_below, kernel_above),
      bias[..., tf.newaxis],
    ],
    axis=-1,
  )[..., tf.newaxis, :]

  def apply(layer: NormalizedMixer, state, axis, constants=None):
    return channels.mix_and_normalize(state, layer, mixing, axis, constants)

  def add_other_units(layers, state):
    change = apply(layers[0], state, UNITS_AXIS)
    return state + apply(layers[1], change, UNITS_AXIS)

  state = apply(parameters.inputs, features, EXAMPLES_AXIS, constants)
  state = add_other_units(parameters.first_units, state)
  state = apply(parameters.hidden, state, EXAMPLES_AXIS)
  return add_other_units(parameters.last_units, state)


def weight_statistics(
  kernel_below: tf.Tensor | None, kernel_above: tf.Tensor | None
) -> tf.Tensor:
  """Computes statistics of every unit's incoming and outgoing weights.

  The statistics of a side are mean |w|, sqrt(mean w^2 + 1e-6), mean w and
  sqrt(var w + 1e-8). The input layer and the top layer have weights on one side
  only, whose statistics are repeated.

  Args:
    kernel_below: `[..., i, u]`, or None.
    kernel_above: `[..., u, j]`, or None.

  Returns:
    `[..., u, 8]`, scaled to root mean square 1 over the whole layer.
  """
  sides = []
  if kernel_below is not None:
    sides.append(_moments(kernel_below, axis=-2))
  if kernel_above is not None:
    sides.append(_moments(kernel_above, axis=-1))
  if len(sides) == 1:
    sides *= 2
  statistics = tf.concat(sides, axis=-1)
  power = tf.reduce_mean(tf.square(statistics), axis=[-2, -1], keepdims=True)
  return statistics * tf.math.rsqrt(power + SECOND_MOMENT_EPSILON)


def _moments(kernel: tf.Tensor, axis: int) -> tf.Tensor:
  mean, variance = tf.nn.moments(kernel, axes=[axis])
  second_moment = tf.reduce_mean(tf.square(kernel), axis=axis)
  return tf.stack(
    [
      tf.reduce_mean(tf.abs(kernel), axis=axis),
      tf.sqrt(second_moment + SECOND_MOMENT_EPSILON),
      mean,
      tf.sqrt(variance + VARIANCE_EPSILON),
    ],
    axis=-1,
  )


def _activation_features(
  mixing: str, pre_activations: tf.Tensor, post_activations: tf.Tensor
) -> tf.Tensor:
  """x, z, and the unit's place in the layer or its share of the competition."""
  features = [post_activations, pre_activations]
  if mixing == "published":
    # The angles of the units, both ends included.
    place = np.linspace(0, LAST_ANGLE, pre_activations.shape[-2])
    for code in (np.sin(place), np.cos(place)):
      code = tf.constant(code[:, np.newaxis], pre_activations.dtype)
      features.append(tf.broadcast_to(code, pre_activations.shape))
  else:
    features.append(competition(pre_activations))
  return tf.stack(features, axis=-1)
