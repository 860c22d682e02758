# SPDX-License-Identifier: Apache-2.0
"""The learned rule: from one batch's activations to proposed weight changes."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf import presets
from lurl_tf.json_fields import from_json
from lurl_tf.rule.arithmetic.channels import Nonlinearity
from lurl_tf.rule.learned import weight_change
from lurl_tf.rule.learned.error_signal import carry_down, start_error_signal
from lurl_tf.rule.learned.parameter_specs import (
  INITIAL_TERM_COEFFICIENT,
  initial_values,
  ordered_specs,
  ordered_values,
  parameter_specs,
)
from lurl_tf.rule.learned.parameters import (
  RuleParameters,
  WeightChangeParameters,
)
from lurl_tf.rule.learned.state_projections import (
  StateProjections,
  project_state,
)
from lurl_tf.rule.learned.unit_state import unit_state
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import Activations, LayerWeights, RuleConfig


class Signals(NamedTuple):
  """What the rule computes for every layer before it proposes changes.

  Attributes:
    error_signals: `[..., u, b, c]` per layer, the input layer first.
    unit_states: h, `[..., u, b, c]` per layer, the input layer first.
    projections: what is read off the unit states, the input layer first.
  """

  error_signals: tuple[tf.Tensor, ...]
  unit_states: tuple[tf.Tensor, ...]
  projections: tuple[StateProjections, ...]


@keras.saving.register_keras_serializable(package="lurl_tf")
class UpdateRule(LocalRule):
  """A learned, neuron-local, unsupervised update rule (Metz et al. 2019).

  Called with weights and activations, it proposes a change of every weight.
  The same meta-parameters serve all units of all layers, so the rule works on
  any depth, width, activation and input size; with `"published"` mixing the top
  layer has `config.output_size` units.

  Args:
    config: sizes and options; default: the published ones.
    seed: of the random starting values.
    term_coefficient: starting value of the coefficients of the twelve terms of
      a weight change; default: the published one.

  Call arguments:
    weights: `LayerWeights` of every layer, bottom first.
    activations: the `Activations` of one forward pass. Labels have no way in.

  Returns:
    `LayerWeights` of proposed changes, which the inner optimizer subtracts.

  Example:

  >>> rule = lurl_tf.UpdateRule(seed=0)
  >>> len(rule.meta_parameters)
  72
  """

  def __init__(
    self,
    config: RuleConfig | None = None,
    seed: int = 0,
    term_coefficient: float = INITIAL_TERM_COEFFICIENT,
  ):
    super().__init__(name="update_rule")
    self.config = config if config is not None else RuleConfig()
    # Raw variables: a tf.Module does not collect those of Keras layers.
    self._variables = [
      tf.Variable(value, name=spec.name)
      for spec, value in zip(
        ordered_specs(self.config),
        initial_values(self.config, seed, term_coefficient),
      )
    ]

  @property
  def dtype(self) -> str:
    """Float type of the meta-parameters, which weights must have too."""
    return self.config.dtype

  def check_output_size(self, output_size: int) -> None:
    """See `LocalRule`.

    Args:
      output_size: units of the top layer.
    """
    check_output_size(self.config, output_size)

  def get_config(self) -> dict[str, Any]:
    """Sizes, options and metadata; the meta-parameters are weights."""
    fields = {"config": self.config, "metadata": self.metadata}
    return {
      name: json.loads(json.dumps(dataclasses.asdict(value)))
      for name, value in fields.items()
    }

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> "UpdateRule":
    """A rule of these sizes, with fresh meta-parameters.

    Args:
      config: from `get_config`.
    """
    rule = cls(from_json(RuleConfig, config["config"]))
    rule.metadata = presets.read_metadata(config["metadata"])
    return rule

  @property
  def meta_parameters(self) -> tuple[tf.Variable, ...]:
    """Theta, in the order of the authors' release."""
    return tuple(self._variables)

  @property
  def meta_parameter_names(self) -> tuple[str, ...]:
    """Names in the authors' release, in the order of `meta_parameters`."""
    return tuple(spec.name for spec in ordered_specs(self.config))

  @classmethod
  def from_preset(cls, name_or_path: str | os.PathLike[str]) -> "UpdateRule":
    """A stored rule.

    Args:
      name_or_path: a shipped preset's name, a preset folder, or the log folder
        of a meta-training run.

    Returns:
      The rule; its `.metadata` says how it was made and how to apply it.

    Raises:
      FileNotFoundError: if there is none; lists the shipped names.
      ValueError: if the folder is damaged.
    """
    stored = presets.load(presets.find(name_or_path))
    rule = cls._from_arrays(stored.config, stored.arrays)
    rule.metadata = stored.metadata
    return rule

  def save_preset(
    self,
    path: str | os.PathLike[str],
    metadata: presets.PresetMetadata | None = None,
  ) -> None:
    """Writes the rule as a preset folder, replacing a preset that is there.

    Args:
      path: the folder.
      metadata: how the rule was made; default: `self.metadata`.

    Raises:
      OSError: if `path` cannot be written.
    """
    arrays = {
      name: variable.numpy()
      for name, variable in zip(self.meta_parameter_names, self.meta_parameters)
    }
    presets.save(path, self.config, arrays, metadata or self.metadata)

  def card(self) -> None:
    """Prints the rule's model card: how it was made and what it is for.

    Example:

    >>> lurl_tf.UpdateRule.from_preset("pooled").card()  # doctest: +ELLIPSIS
    Learned rule of pooled mixing...
    """
    print(presets.card_text(self.config, self.metadata))

  @classmethod
  def _from_arrays(
    cls, config: RuleConfig, arrays: Mapping[str, np.ndarray]
  ) -> "UpdateRule":
    rule = cls(config)
    values = ordered_values(config, arrays)
    for variable, value in zip(rule.meta_parameters, values):
      variable.assign(value)
    return rule

  def parameters(
    self, values: Sequence[tf.Tensor] | None = None
  ) -> RuleParameters:
    """Theta as a structure.

    Args:
      values: to use in place of the variables, in their order, each with or
        without a leading axis of tasks.
    """
    values = self._variables if values is None else values
    return tf.nest.pack_sequence_as(
      parameter_specs(self.config), [tf.convert_to_tensor(v) for v in values]
    )

  def __call__(
    self, weights: Sequence[LayerWeights], activations: Activations
  ) -> tuple[LayerWeights, ...]:
    return propose_changes(self.config, self.parameters(), weights, activations)


def from_tf1_checkpoint(
  prefix: str | os.PathLike[str], dtype: str = "float32"
) -> UpdateRule:
  """A rule in the authors' format of 2018, a TensorFlow 1 checkpoint.

  Args:
    prefix: path of the checkpoint without `.index`.
    dtype: float type of the rule.

  Returns:
    The rule, with the sizes that the checkpoint's shapes tell.

  Raises:
    FileNotFoundError: if there is no such checkpoint.
    ValueError: if it does not hold a rule.
  """
  stored = presets.read_tf1_checkpoint(prefix, dtype)
  return UpdateRule._from_arrays(stored.config, stored.arrays)


def propose_changes(
  config: RuleConfig,
  parameters: RuleParameters,
  weights: Sequence[LayerWeights],
  activations: Activations,
  nonlinearity: Nonlinearity = tf.nn.relu,
) -> tuple[LayerWeights, ...]:
  """The rule as a pure function of its meta-parameters.

  Args:
    config: the rule's options.
    parameters: theta as a structure, with or without an axis of tasks.
    weights: `LayerWeights` of every layer, bottom first.
    activations: of one forward pass, `[b, u]` or `[t, b, u]`.
    nonlinearity: of the rule's networks; other than ReLU for tests.

  Returns:
    Proposed changes as `LayerWeights` of every layer.

  Raises:
    ValueError: if a `"published"` rule is not made for the top layer's size.
  """
  check_output_size(config, weights[-1].bias.shape[-1])
  projections = compute_signals(
    config, parameters, weights, activations, nonlinearity
  ).projections
  layer_inputs = (activations.inputs, *activations.post_activations)

  def kernel_change(
    own: WeightChangeParameters, kernel: tf.Tensor, layer: int, place: int
  ) -> tf.Tensor:
    readouts = weight_change.read_states(
      projections[layer].for_kernels_above[place],
      projections[layer + 1].for_kernels_below[place],
      kernel.dtype,
    )
    terms = weight_change.weight_terms(
      weight_change.normalize_columns(kernel),
      readouts,
      layer_inputs[layer],
      layer_inputs[layer + 1],
    )
    return weight_change.merge_terms(own.coefficients, terms, nonlinearity)

  changes = []
  for layer, own in enumerate(weights):
    change = kernel_change(parameters.forward, own.kernel, layer, 0)
    if config.identical_updates:
      backward_change = change
    else:
      backward_change = kernel_change(
        parameters.backward, own.backward_kernel, layer, 1
      )
    bias_change = weight_change.bias_change(
      projections[layer + 1].for_bias, nonlinearity
    )
    changes.append(LayerWeights(change, bias_change, backward_change))
  return tuple(changes)


def compute_signals(
  config: RuleConfig,
  parameters: RuleParameters,
  weights: Sequence[LayerWeights],
  activations: Activations,
  nonlinearity: Nonlinearity = tf.nn.relu,
) -> Signals:
  """Error signals and unit states of all layers, from the top down.

  Args:
    config: the rule's options.
    parameters: theta as a structure.
    weights: `LayerWeights` of every layer, bottom first.
    activations: of one forward pass.
    nonlinearity: of the rule's networks; other than ReLU for tests.

  Returns:
    `Signals`, the input layer first.
  """
  units_first = tf.linalg.matrix_transpose
  inputs = units_first(activations.inputs)
  pre = (inputs, *map(units_first, activations.pre_activations))
  post = (inputs, *map(units_first, activations.post_activations))
  biases = (
    tf.zeros(inputs.shape[:-1], inputs.dtype),
    *(layer.bias for layer in weights),
  )
  top = len(weights)
  signal = start_error_signal(
    parameters.top, config.mixing, pre[top], post[top], nonlinearity
  )
  error_signals, unit_states, projections = [], [], []
  for layer in range(top, -1, -1):
    state = unit_state(
      parameters.unit_state,
      config.mixing,
      pre[layer],
      post[layer],
      signal,
      biases[layer],
      kernel_below=weights[layer - 1].kernel if layer > 0 else None,
      kernel_above=weights[layer].kernel if layer < top else None,
      nonlinearity=nonlinearity,
    )
    error_signals.append(signal)
    unit_states.append(state)
    projection = project_state(
      parameters,
      state,
      config.identical_updates,
      is_input=layer == 0,
      is_top=layer == top,
    )
    projections.append(projection)
    if layer > 0:
      signal = carry_down(
        weights[layer - 1].backward_kernel,
        signal,
        pre[layer],
        projection.for_error_signal,
      )
  top_first = error_signals, unit_states, projections
  return Signals(*(tuple(each[::-1]) for each in top_first))


def check_output_size(config: RuleConfig, output_size: int) -> None:
  """Raises ValueError unless the rule works for a top layer of that size."""
  if config.mixing == "published" and output_size != config.output_size:
    raise ValueError(
      "A rule of 'published' mixing works for one size of the top layer, "
      f"here {config.output_size} units. Received: {output_size} units. "
      "Rules of 'pooled' mixing work for any size."
    )
