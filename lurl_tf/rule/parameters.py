# SPDX-License-Identifier: Apache-2.0
"""The meta-parameters theta: their structure, names, shapes and starting values.

The structure's leaves, in the order `tf.nest.flatten` gives them, are the
variables of the authors' release in their order. Each leaf may carry a leading
axis of tasks, one set of meta-parameters for each.
"""

import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf

from lurl_tf.structures import RuleConfig

MIXING_TAPS = 3
TOP_INPUT_TAPS = 5
INITIAL_TERM_COEFFICIENT = 0.1


class Linear(NamedTuple):
  """An affine map of channels.

  Attributes:
    kernel: `[c, c']`.
    bias: `[c']`.
  """

  kernel: Any
  bias: Any


class Mixer(NamedTuple):
  """A map of channels that also looks at other examples or units.

  Attributes:
    kernel: `[taps, c, c']`. For `"published"` mixing a tap is a neighbour's
      offset; for `"pooled"`: the unit itself, its mean over examples, the mean
      over units.
    bias: `[c']`; without effect where a batch normalisation follows.
  """

  kernel: Any
  bias: Any


class NormalizedMixer(NamedTuple):
  """A `Mixer` followed by batch normalisation with an offset.

  Attributes:
    kernel: as in `Mixer`.
    bias: as in `Mixer`; without effect, kept for the checkpoint format.
    offset: `[1, 1, c']`.
  """

  kernel: Any
  bias: Any
  offset: Any


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


@dataclasses.dataclass(frozen=True)
class ParameterSpec:
  """Name, shape and starting value of one meta-parameter.

  Args:
    name: the variable's name in the authors' release, without its scope.
    shape: its shape.
    stddev: of the truncated normal it starts from; 0 starts at `constant`.
    constant: starting value where `stddev` is 0.
  """

  name: str
  shape: tuple[int, ...]
  stddev: float = 0.0
  constant: float = 0.0


def parameter_specs(config: RuleConfig) -> RuleParameters:
  """The structure of theta with a `ParameterSpec` at each leaf.

  Args:
    config: sizes of the rule.

  Returns:
    `RuleParameters` of `ParameterSpec`.
  """
  specs = _Specs(config)
  return RuleParameters(
    top=specs.top(),
    unit_state=specs.unit_state(),
    to_error_signal=specs.linear(
      "linear", config.hidden_channels, config.delta_channels
    ),
    forward=specs.weight_change("forward"),
    bias_change=specs.linear("bias_readout", config.hidden_channels, 1),
    backward=(
      () if config.identical_updates else specs.weight_change("backward")
    ),
  )


def num_unit_features(config: RuleConfig) -> int:
  """Channels per unit and example: x, z, the error signal, and either the
  unit's place (sine and cosine) or, order-free, its share of a competition."""
  own = 4 if config.mixing == "published" else 3
  return own + config.delta_channels


def initial_parameters(
  config: RuleConfig, seed: int
) -> list[tuple[str, tf.Tensor]]:
  """Names and starting values of theta, in order."""
  specs = tf.nest.flatten(parameter_specs(config))
  values = []
  for index, spec in enumerate(specs):
    if spec.stddev:
      value = tf.random.stateless_truncated_normal(
        spec.shape,
        seed=(seed, index),
        stddev=spec.stddev,
        dtype=config.dtype,
        alg="philox",
      )
    else:
      value = tf.fill(spec.shape, tf.constant(spec.constant, config.dtype))
    values.append((spec.name, value))
  return values


class _Specs:
  """Builds the specs; numbers layers within a scope as Sonnet 1 did."""

  def __init__(self, config: RuleConfig):
    self._config = config

  def linear(self, name, inputs, outputs):
    return Linear(
      ParameterSpec(f"{name}/w", (inputs, outputs), stddev=inputs**-0.5),
      ParameterSpec(f"{name}/b", (outputs,)),
    )

  def mixer(self, name, inputs, outputs, taps=MIXING_TAPS):
    stddev = (taps * inputs) ** -0.5
    return Mixer(
      ParameterSpec(f"{name}/w", (taps, inputs, outputs), stddev=stddev),
      ParameterSpec(f"{name}/b", (outputs,)),
    )

  def offset(self, name, size):
    return ParameterSpec(f"{name}/beta", (1, 1, size))

  def normalized(self, scope, index, inputs, outputs, taps=MIXING_TAPS, norm=0):
    """Mixer `index` of a scope; its norm is numbered `norm` places further."""
    mixer = self.mixer(
      _numbered(f"{scope}conv_1d", index), inputs, outputs, taps
    )
    beta = self.offset(_numbered(f"{scope}batch_norm", index + norm), outputs)
    return NormalizedMixer(*mixer, beta)

  def top(self):
    config, scope = self._config, "compute_top_delta/"
    channels = config.top_channels
    if config.mixing == "published":
      taps, inputs, dense = TOP_INPUT_TAPS, 1, config.output_size
    else:
      taps, inputs, dense = MIXING_TAPS, 2, channels
    return TopParameters(
      inputs=self.normalized(scope, 0, inputs, channels, taps),
      dense=tuple(self.normalized(scope, i, dense, dense) for i in (1, 2)),
      hidden=tuple(
        self.normalized(scope, i, channels, channels) for i in (3, 4)
      ),
      outputs=self.mixer(f"{scope}conv_1d_5", channels, config.delta_channels),
    )

  def unit_state(self):
    channels = self._config.hidden_channels
    features = num_unit_features(self._config)
    # Four statistics of the weights below and four of those above; the bias.
    inputs = 8 + 1 + features

    def units(scope):
      return tuple(
        self.normalized(f"{scope}/", i, channels, channels) for i in (0, 1)
      )

    return UnitStateParameters(
      input_offset=self.offset("batch_norm", features),
      inputs=self.normalized("", 0, inputs, channels, norm=1),
      first_units=units("ConcatUnitConv"),
      hidden=self.normalized("", 1, channels, channels, norm=1),
      last_units=units("ConcatUnitConv_1"),
    )

  def weight_change(self, direction):
    hidden = self._config.hidden_channels
    readout = self._config.readout_channels

    def side(name, which):
      return self.linear(f"{direction}{name}_{which}/linear", hidden, readout)

    def both(name):
      return Readout(side(name, "top"), side(name, "bottom"))

    coefficients = f"{direction}_weight_readout_coeffs"
    return WeightChangeParameters(
      order_0=both("weight_readout_0"),
      radial=both("weight_readout_rbf"),
      order_1=both("weight_readout_1"),
      upper_linear_symmetric=both("lin_upper_symm"),
      upper_linear_definite=side("lin_upper_psd", "top"),
      lower_linear_symmetric=both("lin_lower_symm"),
      upper_root_symmetric=both("sqr_upper_symm"),
      lower_root_symmetric=both("sqr_lower_symm"),
      coefficients=Linear(
        ParameterSpec(
          f"{coefficients}/w", (12, 1), constant=INITIAL_TERM_COEFFICIENT
        ),
        ParameterSpec(f"{coefficients}/b", (1,)),
      ),
    )


def _numbered(name: str, index: int) -> str:
  return f"{name}_{index}" if index else name
