# SPDX-License-Identifier: Apache-2.0
"""Defaults of a `LocalRuleModel`: layers, optimizer, metadata."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lurl_tf.layers import LocalRuleDense
from lurl_tf.layers.initial_weights import BIAS_STDDEV, KERNEL_STDDEV
from lurl_tf.optimizers import InnerOptimizerConfig, LogLinearRate
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import LocalRule
from lurl_tf.rule.inner_step import Rule


def default_layers(
  units: Sequence[int], activation: Any, seed: int
) -> keras.Sequential:
  """Makes a chain of layers with seeded initial weights.

  Args:
    units: Units of each layer, bottom first.
    activation: Activation of the layers.
    seed: Integer seed of the initial weights.

  Returns:
    An unbuilt `Sequential` model.

  Raises:
    ValueError: If there is no layer, or a number is not positive.
  """
  if not len(tuple(units)):
    raise ValueError(
      f"`units` must name at least one layer. Received: units={units!r}"
    )
  seeds = np.random.SeedSequence(seed).generate_state(3 * len(units)) >> 1

  def initializer(index, stddev):
    return keras.initializers.TruncatedNormal(
      stddev=stddev, seed=int(seeds[index])
    )

  return keras.Sequential(
    [
      LocalRuleDense(
        size,
        activation,
        kernel_initializer=initializer(3 * index, KERNEL_STDDEV),
        bias_initializer=initializer(3 * index + 1, BIAS_STDDEV),
        backward_kernel_initializer=initializer(3 * index + 2, KERNEL_STDDEV),
      )
      for index, size in enumerate(units)
    ]
  )


def metadata_of(rule: Rule) -> PresetMetadata:
  """Metadata of a rule, by default those of the published program.

  Args:
    rule: Any callable that `inner_step` takes.

  Returns:
    The rule's `metadata`, or the default ones.
  """
  return getattr(rule, "metadata", PresetMetadata())


def default_optimizer(rule: Rule) -> keras.optimizers.Optimizer:
  """Makes the inner optimizer that a rule was meta-trained with.

  Args:
    rule: Any callable that `inner_step` takes.

  Returns:
    A Keras optimizer with the learning rates of the rule's metadata; without
    metadata `DecayedSGD(1e-4)`, as published.
  """
  metadata = metadata_of(rule)
  rates = metadata.inner_learning_rates
  return InnerOptimizerConfig.from_text(metadata.inner_optimizer).to_keras(
    rates[0] if len(rates) == 1 else LogLinearRate(rates, metadata.inner_steps)
  )


def check_rule(rule: Rule, layers: Sequence[LocalRuleDense]) -> None:
  """Raises ValueError unless a rule can train a chain of layers.

  Args:
    rule: Any callable that `inner_step` takes.
    layers: Layers of the chain, bottom first.
  """
  dtypes = {layer.variable_dtype for layer in layers}
  wanted = {getattr(rule, "dtype", None) or layers[0].variable_dtype}
  if dtypes != wanted:
    raise ValueError(
      f"The layers' weights must be of the rule's type, {wanted.pop()}. "
      f"Received: {', '.join(sorted(dtypes))}"
    )
  if isinstance(rule, LocalRule):  # Other callables have no such checks.
    rule.check_output_size(layers[-1].units)
    for layer in layers:
      rule.check_activation(layer.activation)
