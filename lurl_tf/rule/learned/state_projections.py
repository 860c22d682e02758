# SPDX-License-Identifier: Apache-2.0
"""Everything that is read off a layer's unit states by affine maps."""

import itertools
from typing import NamedTuple

import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.learned import weight_change
from lurl_tf.rule.learned.parameters import RuleParameters


class StateProjections(NamedTuple):
  """Maps of the unit states h of one layer, each `[..., u, b, c']`.

  Those for kernels are of the states' type, which may be a rounded one; the
  others are of the type of the meta-parameters.

  Attributes:
    for_kernels_above: for the change of W above the layer, and for that of V,
      if it has its own; a list each, in the order of `maps_of_state_below`.
    for_kernels_below: the same for W and V below the layer.
    for_bias: for the change of the layer's biases, of one channel.
    for_error_signal: the states' part of what the layer hands down.
  """

  for_kernels_above: tuple[list[tf.Tensor], ...] = ()
  for_kernels_below: tuple[list[tf.Tensor], ...] = ()
  for_bias: tf.Tensor | None = None
  for_error_signal: tf.Tensor | None = None


def project_state(
  parameters: RuleParameters,
  unit_state: tf.Tensor,
  identical_updates: bool,
  is_input: bool,
  is_top: bool,
) -> StateProjections:
  """Applies all maps that the layer needs.

  Args:
    parameters: theta as a structure.
    unit_state: h of the layer, `[..., u, b, c]`.
    identical_updates: whether V changes as W does.
    is_input: whether no weights lead to the layer.
    is_top: whether no weights leave it.

  Returns:
    `StateProjections`; those of weights that are not there are left out.
  """
  kernels = [parameters.forward]
  if not identical_updates:
    kernels.append(parameters.backward)
  above = (
    [] if is_top else list(map(weight_change.maps_of_state_below, kernels))
  )
  below, own = [], []
  if not is_input:
    below = list(map(weight_change.maps_of_state_above, kernels))
    own = [[parameters.bias_change], [parameters.to_error_signal]]
  outputs = iter(channels.project(unit_state, [*above, *below, *own]))
  return StateProjections(
    tuple(itertools.islice(outputs, len(above))),
    tuple(itertools.islice(outputs, len(below))),
    *(tf.cast(each, parameters.bias_change.bias.dtype) for (each,) in outputs),
  )
