# SPDX-License-Identifier: Apache-2.0
"""What a `LocalRuleModel` takes where nothing is said."""

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
  """A chain of layers with seeded starting weights.

  Args:
    units: units of each layer, bottom first.
    activation: of the layers.
    seed: of the starting weights.

  Returns:
    An unbuilt `Sequential` model.

  Raises:
    ValueError: if there is no layer, or a number is not positive.
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
  """How a rule was made; the released program's where it does not say.

  Args:
    rule: any callable that `inner_step` takes.
  """
  return getattr(rule, "metadata", PresetMetadata())


def default_optimizer(rule: Rule) -> keras.optimizers.Optimizer:
  """The optimizer that a rule was meta-trained with.

  Args:
    rule: any callable that `inner_step` takes.

  Returns:
    A Keras optimizer at the rule's own rates; `DecayedSGD(1e-4)`, as published,
    where the rule does not say.
  """
  metadata = metadata_of(rule)
  rates = metadata.inner_learning_rates
  return InnerOptimizerConfig.from_text(metadata.inner_optimizer).to_keras(
    rates[0] if len(rates) == 1 else LogLinearRate(rates, metadata.inner_steps)
  )


def check_rule(rule: Rule, layers: Sequence[LocalRuleDense]) -> None:
  """Raises ValueError unless a rule can train a chain of layers.

  Args:
    rule: any callable that `inner_step` takes.
    layers: the chain, bottom first.
  """
  dtypes = {layer.variable_dtype for layer in layers}
  wanted = {getattr(rule, "dtype", None) or layers[0].variable_dtype}
  if dtypes != wanted:
    raise ValueError(
      f"The layers' weights must be of the rule's type, {wanted.pop()}. "
      f"Received: {', '.join(sorted(dtypes))}"
    )
  if isinstance(rule, LocalRule):  # Of any other callable nothing is known.
    rule.check_output_size(layers[-1].units)
    for layer in layers:
      rule.check_activation(layer.activation)
