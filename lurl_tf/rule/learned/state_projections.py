# SPDX-License-Identifier: Apache-2.0
"""All affine maps of a layer's unit states h.

Sections 5 to 7 of `docs/the_rule.md` have their uses.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import tensorflow as tf

from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.arithmetic.mixers import Linear
from lurl_tf.rule.learned import weight_change
from lurl_tf.rule.learned.parameters import Readout, RuleParameters
from lurl_tf.rule.learned.weight_change import StateMapsAbove, StateMapsBelow

_Maps = TypeVar("_Maps", StateMapsAbove, StateMapsBelow)


class StateProjections(NamedTuple):
  """Maps of the unit states h of one layer, each `[..., u, b, c']`.

  Those for kernels are of the type of the states, which may be rounded; the
  others are of the type of the meta-parameters.

  Attributes:
    for_kernels_above: `StateMapsBelow` for the change of W above the layer, and
      for that of V if it has its own; empty for the top layer.
    for_kernels_below: `StateMapsAbove` for the changes of W and V below the
      layer; empty for the input layer.
    for_bias: For the change of the layer's biases, with one channel; None for
      the input layer.
    for_error_signal: The states' part of the error signal that is carried down;
      None for the input layer.
  """

  for_kernels_above: tuple[StateMapsBelow, ...] = ()
  for_kernels_below: tuple[StateMapsAbove, ...] = ()
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
    parameters: Theta as a structure.
    unit_state: h of the layer, `[..., u, b, c]`.
    identical_updates: Whether V changes as W does.
    is_input: Whether the layer is the input layer.
    is_top: Whether the layer is the top layer.

  Returns:
    `StateProjections`.
  """
  kernels = [parameters.forward]
  if not identical_updates:
    kernels.append(parameters.backward)
  above, below, own = [], [], []
  if not is_top:
    above = list(map(weight_change.maps_below, kernels))
  if not is_input:
    below = list(map(weight_change.maps_above, kernels))
    own = [[parameters.bias_change], [parameters.to_error_signal]]
  groups = [*map(_flatten, above), *map(_flatten, below), *own]
  outputs = iter(channels.project(unit_state, groups))
  return StateProjections(
    tuple(map(_pack_like, above, itertools.islice(outputs, len(above)))),
    tuple(map(_pack_like, below, itertools.islice(outputs, len(below)))),
    *(tf.cast(each, parameters.bias_change.bias.dtype) for (each,) in outputs),
  )


def _flatten(maps: StateMapsAbove | StateMapsBelow) -> list[Linear]:
  """The maps of all fields, in order."""
  flat = []
  for field in maps:
    flat += field if isinstance(field, Readout) else [field]
  return flat


def _pack_like(maps: _Maps, values: Sequence[tf.Tensor]) -> _Maps:
  """The inverse of `_flatten`, with a tensor in place of every map."""
  remaining = iter(values)
  return type(maps)(
    *(
      Readout(next(remaining), next(remaining))
      if isinstance(field, Readout)
      else next(remaining)
      for field in maps
    )
  )
