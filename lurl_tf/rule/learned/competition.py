# SPDX-License-Identifier: Apache-2.0
"""The competition between a layer's units, an input of pooled mixing."""

import tensorflow as tf

# Not in the paper: chosen for pooled mixing, see section 10 of the_rule.md.
SHARPNESS = 3.0


def competition(pre_activations: tf.Tensor) -> tf.Tensor:
  """Computes every unit's share of a soft competition for every example.

      share = n softmax_u(3 z), so that the mean over the n units is 1

  Section 10 of `docs/the_rule.md`.

  Args:
    pre_activations: z, `[..., u, b]`.

  Returns:
    `[..., u, b]`.
  """
  size = tf.cast(pre_activations.shape[-2], pre_activations.dtype)
  return size * tf.nn.softmax(SHARPNESS * pre_activations, axis=-2)
