# SPDX-License-Identifier: Apache-2.0
"""The structure of the meta-parameters theta.

The structure's leaves, in the order `tf.nest.flatten` gives them, are the
variables of the authors' release in their order. Each leaf may carry a leading
axis of tasks, one set of meta-parameters for each.
"""

from typing import Any, NamedTuple

from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer


class TopParameters(NamedTuple):
  """The network that starts the error signal at the top layer."""

  inputs: NormalizedMixer
  dense: tuple[NormalizedMixer, NormalizedMixer]
  hidden: tuple[NormalizedMixer, NormalizedMixer]
  outputs: Mixer


class UnitStateParameters(NamedTuple):
  """The network that computes every unit's state."""

  input_offset: Any
  inputs: NormalizedMixer
  first_units: tuple[NormalizedMixer, NormalizedMixer]
  hidden: NormalizedMixer
  last_units: tuple[NormalizedMixer, NormalizedMixer]


class Readout(NamedTuple):
  """Reads a matrix off the states above (`top`) and below (`bottom`)."""

  top: Linear
  bottom: Linear


class WeightChangeParameters(NamedTuple):
  """Read-outs of the weight change's terms, and the terms' coefficients.

  Attributes:
    order_0: read-out of the term that is free of the weight.
    radial: read-out of the term that decays with the weight's square.
    order_1: read-out of the term that is linear in the weight.
    upper_linear_symmetric: mixes columns, symmetric.
    upper_linear_definite: mixes columns, positive semi-definite.
    lower_linear_symmetric: mixes rows, symmetric.
    upper_root_symmetric: mixes columns of a soft square root.
    lower_root_symmetric: mixes rows of a soft square root.
    coefficients: `kernel` `[terms, 1]`, `bias` `[1]`.
  """

  order_0: Readout
  radial: Readout
  order_1: Readout
  upper_linear_symmetric: Readout
  upper_linear_definite: Linear
  lower_linear_symmetric: Readout
  upper_root_symmetric: Readout
  lower_root_symmetric: Readout
  coefficients: Linear


class RuleParameters(NamedTuple):
  """All of theta.

  Attributes:
    top: starts the error signal.
    unit_state: computes every unit's state.
    to_error_signal: reads the error signal's part off the state.
    forward: changes of W, and of V under identical updates.
    bias_change: reads the bias change off the state.
    backward: changes of V; empty under identical updates.
  """

  top: TopParameters
  unit_state: UnitStateParameters
  to_error_signal: Linear
  forward: WeightChangeParameters
  bias_change: Linear
  backward: WeightChangeParameters | tuple[()]
