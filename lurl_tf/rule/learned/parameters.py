# SPDX-License-Identifier: Apache-2.0
"""The structure of the meta-parameters theta.

Its leaves, in the order of `tf.nest.flatten`, are the variables of the authors'
release in their order. Each leaf may have a leading axis of tasks, with one set
of meta-parameters per task. Section 11 of `docs/the_rule.md` lists them.
"""

from typing import Any, NamedTuple

from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer


class TopParameters(NamedTuple):
  """Parameters of the network that starts the error signal at the top."""

  inputs: NormalizedMixer
  dense: tuple[NormalizedMixer, NormalizedMixer]
  hidden: tuple[NormalizedMixer, NormalizedMixer]
  outputs: Mixer


class UnitStateParameters(NamedTuple):
  """Parameters of the network that computes every unit's state."""

  input_offset: Any
  inputs: NormalizedMixer
  first_units: tuple[NormalizedMixer, NormalizedMixer]
  hidden: NormalizedMixer
  last_units: tuple[NormalizedMixer, NormalizedMixer]


class Readout(NamedTuple):
  """Two maps of unit states, whose products over examples form a matrix.

  Attributes:
    top: Map of the states of the matrix's columns.
    bottom: Map of the states of the matrix's rows.
  """

  top: Linear
  bottom: Linear


class WeightChangeParameters(NamedTuple):
  """Read-outs of the weight change's terms, and the terms' coefficients.

  The read-outs have the names of the terms, see `WeightTerms`.

  Attributes:
    order_0: Read-out of the term that is independent of the weight.
    radial: Read-out of the term that decays with the weight's square.
    order_1: Read-out of the term that is linear in the weight.
    upper_linear_symmetric: Symmetric mixture of columns.
    upper_linear_definite: Positive semi-definite mixture of columns.
    lower_linear_symmetric: Symmetric mixture of rows.
    upper_root_symmetric: Symmetric mixture of columns of sqrt(1 + w^2) - 1.
    lower_root_symmetric: Symmetric mixture of rows of sqrt(1 + w^2) - 1.
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
    top: Network that starts the error signal.
    unit_state: Network that computes every unit's state.
    to_error_signal: Map of the state to its part of the error signal.
    forward: Weight change of W, and of V with identical updates.
    bias_change: Map of the state to the bias change.
    backward: Weight change of V; empty with identical updates.
  """

  top: TopParameters
  unit_state: UnitStateParameters
  to_error_signal: Linear
  forward: WeightChangeParameters
  bias_change: Linear
  backward: WeightChangeParameters | tuple[()]
