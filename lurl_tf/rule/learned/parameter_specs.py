# SPDX-License-Identifier: Apache-2.0
"""Names, shapes and initial values of the meta-parameters theta."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from lurl_tf.rule.arithmetic.mixers import Linear, Mixer, NormalizedMixer
from lurl_tf.rule.learned import weight_change
from lurl_tf.rule.learned.parameters import (
  Readout,
  RuleParameters,
  TopParameters,
  UnitStateParameters,
  WeightChangeParameters,
)
from lurl_tf.structures import RuleConfig

# Sizes and values of the released program.
MIXING_TAPS = 3
TOP_INPUT_TAPS = 5
INITIAL_TERM_COEFFICIENT = 0.1

_COEFFICIENTS = "weight_readout_coeffs/w"


@dataclasses.dataclass(frozen=True)
class ParameterSpec:
  """Name, shape and initial value of one meta-parameter.

  Args:
    name: Name of the variable in the authors' release, without its scope.
    shape: Shape of the variable.
    stddev: Standard deviation of the truncated normal distribution of the
      initial values; with 0, all are `constant`.
    constant: Initial value where `stddev` is 0.
  """

  name: str
  shape: tuple[int, ...]
  stddev: float = 0.0
  constant: float = 0.0


def parameter_specs(
  config: RuleConfig, term_coefficient: float = INITIAL_TERM_COEFFICIENT
) -> RuleParameters:
  """Makes the structure of theta with a `ParameterSpec` at each leaf.

  Args:
    config: Sizes of the rule.
    term_coefficient: Initial coefficient of the terms of a weight change.

  Returns:
    `RuleParameters` of `ParameterSpec`.
  """
  specs = _Specs(config, term_coefficient)
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
  """Number of a unit's features for one example, without weight statistics.

  They are x, z, the error signal, and the unit's place (a sine and a cosine)
  with published mixing, or its share of the competition with pooled mixing.

  Args:
    config: Sizes of the rule.

  Returns:
    Number of channels.
  """
  own = 4 if config.mixing == "published" else 3
  return own + config.delta_channels


def ordered_specs(config: RuleConfig) -> list[ParameterSpec]:
  """Lists the specs of theta in the order of the authors' release.

  Args:
    config: Sizes of the rule.

  Returns:
    One `ParameterSpec` per meta-parameter.
  """
  return tf.nest.flatten(parameter_specs(config))


def initial_values(
  config: RuleConfig,
  seed: int,
  term_coefficient: float = INITIAL_TERM_COEFFICIENT,
) -> list[tf.Tensor]:
  """Draws the initial values of theta, in order.

  Args:
    config: Sizes of the rule.
    seed: Integer seed of the random values.
    term_coefficient: Initial coefficient of the terms of a weight change.

  Returns:
    One tensor per meta-parameter.
  """
  values = []
  specs = tf.nest.flatten(parameter_specs(config, term_coefficient))
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
    values.append(value)
  return values


class _Specs:
  """Builds the specs; numbers the layers of a scope as Sonnet 1 does."""

  def __init__(self, config: RuleConfig, term_coefficient: float):
    self._config, self._term_coefficient = config, term_coefficient

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
    """Mixer `index` of a scope; the number of its norm is `index + norm`."""
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
    # Four statistics of the weights below, four of those above, and the bias.
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
    num_terms = len(weight_change.WeightTerms._fields)
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
          f"{coefficients}/w",
          (num_terms, 1),
          constant=self._term_coefficient,
        ),
        ParameterSpec(f"{coefficients}/b", (1,)),
      ),
    )


def _numbered(name: str, index: int) -> str:
  return f"{name}_{index}" if index else name


def ordered_values(
  config: RuleConfig, arrays: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
  """Puts stored values of theta in order and checks names and shapes.

  Arrays of a version with fewer terms of the weight change are accepted: the
  new terms, which stand last in `WeightTerms`, get coefficients of 0, and their
  read-outs, which then have no effect, initial values.

  Args:
    config: Sizes of the rule.
    arrays: Theta, each array under its name, in any order.

  Returns:
    One array per meta-parameter, in the rule's order and dtype.

  Raises:
    ValueError: If a name is missing or unknown, or a shape is wrong.
  """
  specs = ordered_specs(config)
  arrays = _with_new_terms(config, arrays)
  expected = {spec.name: spec.shape for spec in specs}
  received = {name: np.shape(array) for name, array in arrays.items()}
  if expected != received:
    names = sorted(
      name
      for name in {*expected, *received}
      if expected.get(name) != received.get(name)
    )
    first = names[0]
    raise ValueError(
      f"The arrays do not belong to a rule of {config}. They differ in "
      f"{len(names)} names; the first is {first!r}: expected shape "
      f"{expected.get(first)}. Received: shape {received.get(first)}"
    )
  return [np.asarray(arrays[spec.name], config.dtype) for spec in specs]


def _with_new_terms(
  config: RuleConfig, arrays: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
  """Adds what arrays of a version with fewer terms lack."""
  complete = dict(arrays)
  num_terms = len(weight_change.WeightTerms._fields)
  for direction in ("forward", "backward"):
    name = f"{direction}_{_COEFFICIENTS}"
    shape = np.shape(arrays.get(name, ()))
    if len(shape) != 2 or not 0 < shape[0] < num_terms:
      continue
    missing = num_terms - shape[0]
    complete[name] = np.pad(np.asarray(arrays[name]), [(0, missing), (0, 0)])
    initial = zip(ordered_specs(config), initial_values(config, seed=0))
    for spec, value in initial:
      # Read-outs are named `forwardNAME_top`; no other name begins so.
      if spec.name.startswith(direction) and spec.name.endswith(
        ("_top/linear/w", "_top/linear/b")
        + ("_bottom/linear/w", "_bottom/linear/b")
      ):
        complete.setdefault(spec.name, value.numpy())
  return complete
