# SPDX-License-Identifier: Apache-2.0
"""The error signal: started at the top layer, carried down through V."""

import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.channels import EXAMPLES_AXIS, Nonlinearity
from lurl_tf.rule.arithmetic.kept_results import kept_result
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.learned.competition import competition
from lurl_tf.rule.learned.parameters import TopParameters

SCALE_EPSILON = 1e-6


def start_error_signal(
  parameters: TopParameters,
  mixing: str,
  pre_activations: tf.Tensor,
  post_activations: tf.Tensor,
  nonlinearity: Nonlinearity = tf.nn.relu,
) -> tf.Tensor:
  """The error signal of the top layer (Metz et al. 2019, appendix B).

  With `"published"` mixing it sees x through a window of five neighbouring
  examples, then mixes all units densely, which fixes the output size. With
  `"pooled"` mixing the same network runs on every unit, beside a share of the
  competition between units, for any output size.

  Args:
    parameters: the top network's meta-parameters.
    mixing: `"published"` or `"pooled"`.
    pre_activations: z of the top layer, `[..., u, b]`.
    post_activations: x of the top layer, `[..., u, b]`.
    nonlinearity: of the network; other than ReLU for tests of smoothness.

  Returns:
    `[..., u, b, c]`, not normalised.
  """
  state = post_activations[..., tf.newaxis]
  if mixing == "pooled":
    share = competition(pre_activations)[..., tf.newaxis]
    state = tf.concat([state, share], axis=-1)

  def apply(layer, inputs):
    return channels.mix_and_normalize(
      inputs, layer, mixing, EXAMPLES_AXIS, nonlinearity
    )

  state = apply(parameters.inputs, state)
  if mixing == "published":
    # The dense mixers take the units for channels, `[..., c, b, u]`.
    state = _swap_units_and_channels(state)
  for layer in parameters.dense:
    state = apply(layer, state)
  if mixing == "published":
    state = _swap_units_and_channels(state)
  for layer in parameters.hidden:
    state = apply(layer, state)
  outputs = channels.mix(state, parameters.outputs, mixing, EXAMPLES_AXIS)
  return channels.add_bias(outputs, parameters.outputs)


def carry_down(
  backward_kernel: tf.Tensor,
  error_signal: tf.Tensor,
  pre_activations: tf.Tensor,
  projection: tf.Tensor,
) -> tf.Tensor:
  """The error signal of the layer below.

  The gate is a sigmoid whatever the base model's activation is, as in the
  released program.

  Args:
    backward_kernel: V, `[..., i, j]`.
    error_signal: of the layer above, `[..., j, b, c]`.
    pre_activations: z of the layer above, `[..., j, b]`.
    projection: map of the layer's states, `[..., j, b, c]`.

  Returns:
    `[..., i, b, c]`, of root mean square 1 over channels.
  """
  gate = tf.sigmoid(pre_activations)[..., tf.newaxis]
  signal = error_signal * gate + projection
  *lead, above, examples, size = signal.shape
  below = backward_kernel.shape[-2]
  carried = kept_result(
    product,
    backward_kernel,
    tf.reshape(signal, [*lead, above, examples * size]),
  )
  carried = tf.reshape(carried, [*lead, below, examples, size])
  power = tf.reduce_mean(tf.square(carried), axis=-1, keepdims=True)
  return carried * tf.math.rsqrt(SCALE_EPSILON + power)


def _swap_units_and_channels(state: tf.Tensor) -> tf.Tensor:
  rank = state.shape.rank
  order = [*range(rank - 3), rank - 1, rank - 2, rank - 3]
  return tf.transpose(state, order)
