# SPDX-License-Identifier: Apache-2.0
"""The error signal d: started at the top layer, carried down through V.

Sections 3 and 5 of `docs/the_rule.md`.
"""

import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.channels import EXAMPLES_AXIS
from lurl_tf.rule.arithmetic.kept_results import kept_result
from lurl_tf.rule.arithmetic.products import product
from lurl_tf.rule.learned.competition import competition
from lurl_tf.rule.learned.parameters import TopParameters

# Added to the mean square of an error signal; the released program's.
SCALE_EPSILON = 1e-6


def start_error_signal(
  parameters: TopParameters,
  mixing: str,
  pre_activations: tf.Tensor,
  post_activations: tf.Tensor,
) -> tf.Tensor:
  """Computes the error signal of the top layer (Metz et al. 2019, appendix B).

  With `"published"` mixing, a convolution over five neighbouring examples of x
  comes first; then all units are mixed densely, which fixes the output size.
  With `"pooled"` mixing the same network is applied to every unit, with the
  unit's share of the competition as a second input, for any output size.

  Args:
    parameters: Meta-parameters of the top network.
    mixing: `"published"` or `"pooled"`.
    pre_activations: z of the top layer, `[..., u, b]`.
    post_activations: x of the top layer, `[..., u, b]`.

  Returns:
    `[..., u, b, c]`, not normalised.
  """
  state = post_activations[..., tf.newaxis]
  if mixing == "pooled":
    share = competition(pre_activations)[..., tf.newaxis]
    state = tf.concat([state, share], axis=-1)

  def apply(layer, inputs):
    return channels.mix_and_normalize(inputs, layer, mixing, EXAMPLES_AXIS)

  state = apply(parameters.inputs, state)
  if mixing == "published":
    # The channels of the dense mixers are the units: `[..., c, b, u]`.
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
  """Computes the error signal of the layer below.

      delta = d * sigmoid(z) + projection
      e = V delta
      d_below = e / sqrt(1e-6 + mean over channels of e^2)

  The gate is a sigmoid for every activation of the base model, as in the
  released program.

  Args:
    backward_kernel: V, `[..., i, j]`.
    error_signal: d of the layer above, `[..., j, b, c]`.
    pre_activations: z of the layer above, `[..., j, b]`.
    projection: Linear map of the states of the layer above, `[..., j, b, c]`.

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
