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
  """Signals of every layer, from which the rule computes its proposals.

  Attributes:
    error_signals: d, `[..., u, b, c]` per layer, the input layer first.
    unit_states: h, `[..., u, b, c]` per layer, the input layer first.
    projections: `StateProjections` per layer, the input layer first.
  """

  error_signals: tuple[tf.Tensor, ...]
  unit_states: tuple[tf.Tensor, ...]
  projections: tuple[StateProjections, ...]


@keras.saving.register_keras_serializable(package="lurl_tf")
class UpdateRule(LocalRule):
  """A learned, neuron-local, unsupervised update rule (Metz et al. 2019).

  Called with weights and activations, it proposes a change of every weight.
  All units of all layers share the meta-parameters, so the rule works on any
  depth, width, activation and input size. With `"published"` mixing, the top
  layer has `config.output_size` units. `docs/the_rule.md` has the formulas.

  Args:
    config: `RuleConfig` with sizes and options; None for the published ones.
    seed: Integer seed of the initial meta-parameters.
    term_coefficient: Initial coefficient of the terms of a weight change.

  Call arguments:
    weights: `LayerWeights` of every layer, bottom first.
    activations: `Activations` of one forward pass, without labels.

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
    # Raw variables, since a tf.Module does not collect those of Keras layers.
    self._variables = [
      tf.Variable(value, name=spec.name)
      for spec, value in zip(
        ordered_specs(self.config),
        initial_values(self.config, seed, term_coefficient),
      )
    ]

  @property
  def dtype(self) -> str:
    """Float type of the meta-parameters and of the weights."""
    return self.config.dtype

  def check_output_size(self, output_size: int) -> None:
    """Raises ValueError unless the rule works for a top layer of that size.

    Args:
      output_size: Number of units of the top layer.
    """
    check_output_size(self.config, output_size)

  def get_config(self) -> dict[str, Any]:
    """Returns sizes, options and metadata, without meta-parameters."""
    fields = {"config": self.config, "metadata": self.metadata}
    return {
      name: json.loads(json.dumps(dataclasses.asdict(value)))
      for name, value in fields.items()
    }

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> "UpdateRule":
    """Makes a rule of these sizes, with initial meta-parameters.

    Args:
      config: Return value of `get_config`.

    Returns:
      The rule.
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
    """Loads a rule.

    Args:
      name_or_path: Name of a shipped preset such as `"pooled"`, name of a
        shipped start such as `"starts/pooled"`, path of a preset folder, or log
        folder of a meta-training run.

    Returns:
      The rule, with its `.metadata`.

    Raises:
      FileNotFoundError: If there is no such rule; lists the shipped names.
      ValueError: If the folder is damaged.

    Example:

    >>> lurl_tf.UpdateRule.from_preset("pooled").metadata.tasks
    'small'
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
    """Writes the rule as a preset folder, or replaces an older preset.

    Args:
      path: Path of the folder.
      metadata: `PresetMetadata` of the rule; None for `self.metadata`.

    Raises:
      OSError: If `path` cannot be written.
    """
    arrays = {
      name: variable.numpy()
      for name, variable in zip(self.meta_parameter_names, self.meta_parameters)
    }
    presets.save(path, self.config, arrays, metadata or self.metadata)

  def card(self) -> None:
    """Prints the rule's model card: how it was made and what it is for.

    Example:

    >>> lurl_tf.UpdateRule.from_preset("pooled").card()
    Rule             pooled mixing, 24 hidden channels
    Tasks            small
    Outer steps      1,200
    ...
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
    """Returns theta as a structure.

    Args:
      values: Tensors in place of the variables, in their order, each with or
        without a leading axis of tasks; None for the variables.

    Returns:
      `RuleParameters` of tensors.
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
  """Loads a rule of the authors' release of 2018, a TensorFlow 1 checkpoint.

  Args:
    prefix: Path of the checkpoint without `.index`.
    dtype: Float type of the rule.

  Returns:
    The rule; its sizes are read off the shapes in the checkpoint.

  Raises:
    FileNotFoundError: If there is no such checkpoint.
    ValueError: If it does not hold a rule.
  """
  stored = presets.read_tf1_checkpoint(prefix, dtype)
  return UpdateRule._from_arrays(stored.config, stored.arrays)


def propose_changes(
  config: RuleConfig,
  parameters: RuleParameters,
  weights: Sequence[LayerWeights],
  activations: Activations,
) -> tuple[LayerWeights, ...]:
  """Computes the rule's proposals as a pure function of its meta-parameters.

  Args:
    config: `RuleConfig` of the rule.
    parameters: Theta as a structure, with or without an axis of tasks.
    weights: `LayerWeights` of every layer, bottom first.
    activations: `Activations` of one forward pass, `[b, u]` or `[t, b, u]`.

  Returns:
    Proposed changes as `LayerWeights` of every layer.

  Raises:
    ValueError: If the rule has `"published"` mixing and another output size
      than the top layer.
  """
  check_output_size(config, weights[-1].bias.shape[-1])
  projections = compute_signals(
    config, parameters, weights, activations
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
    return weight_change.merge_terms(own.coefficients, terms)

  changes = []
  for layer, own in enumerate(weights):
    change = kernel_change(parameters.forward, own.kernel, layer, 0)
    if config.identical_updates:
      backward_change = change
    else:
      backward_change = kernel_change(
        parameters.backward, own.backward_kernel, layer, 1
      )
    bias_change = weight_change.bias_change(projections[layer + 1].for_bias)
    changes.append(LayerWeights(change, bias_change, backward_change))
  return tuple(changes)


def compute_signals(
  config: RuleConfig,
  parameters: RuleParameters,
  weights: Sequence[LayerWeights],
  activations: Activations,
) -> Signals:
  """Computes error signals and unit states of all layers, from the top down.

  Args:
    config: `RuleConfig` of the rule.
    parameters: Theta as a structure.
    weights: `LayerWeights` of every layer, bottom first.
    activations: `Activations` of one forward pass.

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
    parameters.top, config.mixing, pre[top], post[top]
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
  """Raises ValueError unless the rule works for a top layer of that size.

  Args:
    config: `RuleConfig` of the rule.
    output_size: Number of units of the top layer.

  Raises:
    ValueError: If the sizes differ and mixing is `"published"`.
  """
  if config.mixing == "published" and output_size != config.output_size:
    raise ValueError(
      "A rule of 'published' mixing works for one size of the top layer, "
      f"here {config.output_size} units. Received: {output_size} units. "
      "Rules of 'pooled' mixing work for any size."
    )
