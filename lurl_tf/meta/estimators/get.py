# SPDX-License-Identifier: Apache-2.0
"""Registry of gradient estimators: one entry makes an estimator by its name."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import Estimator
from lurl_tf.meta.estimators.evolution_strategies import EvolutionStrategies
from lurl_tf.meta.estimators.mixture import Mixture
from lurl_tf.meta.estimators.persistent_evolution import (
  PersistentEvolutionStrategies,
)
from lurl_tf.meta.estimators.single_perturbation import (
  SinglePerturbationEvolution,
)
from lurl_tf.meta.estimators.truncated_backpropagation import (
  FullBackpropagation,
  TruncatedBackpropagation,
)
from lurl_tf.meta.inner.flat_parameters import parameter_mask
from lurl_tf.structures import RuleConfig


class MetaParameterSpace(NamedTuple):
  """The meta-parameters whose gradient is estimated.

  Attributes:
    rule: `RuleConfig` with the sizes of the rule.
    knots: Number of knots of the inner learning rate.
    trained: `[n]` bool, the meta-parameters that are trained. Estimators
      should not perturb the others.
  """

  rule: RuleConfig
  knots: int
  trained: np.ndarray


EstimatorFactory = Callable[[EstimatorConfig, MetaParameterSpace], Estimator]

# Evolution strategies, which a mixture can use for some meta-parameters.
EVOLUTION: dict[str, EstimatorFactory] = {
  "es": lambda config, space: EvolutionStrategies(config, space.trained),
  "pes": lambda config, space: PersistentEvolutionStrategies(
    config, space.trained
  ),
  "es_single": lambda config, space: SinglePerturbationEvolution(
    config, space.trained
  ),
}


def _mixture(config: EstimatorConfig, space: MetaParameterSpace) -> Mixture:
  """Backpropagation and, for `config.evolved`, an evolution strategy."""
  if config.evolution not in EVOLUTION:
    raise ValueError(
      f"`evolution` must be one of {', '.join(EVOLUTION)}. "
      f"Received: evolution={config.evolution!r}"
    )
  trained = space.trained
  group = parameter_mask(space.rule, space.knots, config.evolved) & trained
  if not 0 < group.sum() < trained.sum():
    raise ValueError(
      "`evolved` must match some, but not all of the trained meta-parameters. "
      f"Received: evolved={config.evolved}, which match {group.sum()} of "
      f"{trained.sum()} numbers"
    )
  evolution = EVOLUTION[config.evolution](
    dataclasses.replace(config, name=config.evolution),
    space._replace(trained=group),
  )
  return Mixture(TruncatedBackpropagation(), evolution, group)


ESTIMATORS: dict[str, EstimatorFactory] = {
  "tbptt": lambda config, space: TruncatedBackpropagation(),
  "bptt": lambda config, space: FullBackpropagation(),
  **EVOLUTION,
  "mixture": _mixture,
}


def get_estimator(
  config: EstimatorConfig, rule: RuleConfig, knots: int, trained: np.ndarray
) -> Estimator:
  """Makes an estimator.

  Args:
    config: `EstimatorConfig` with its name, a key of `ESTIMATORS`.
    rule: `RuleConfig` with the sizes of the rule.
    knots: Number of knots of the inner learning rate.
    trained: `[n]` bool, the meta-parameters that are trained.

  Returns:
    `Estimator`.

  Raises:
    ValueError: If the name is unknown, a pattern of `config.evolved` matches no
      name, or a mixture leaves nothing to one of its estimators.
  """
  if config.name not in ESTIMATORS:
    raise ValueError(
      f"`name` of an estimator must be one of {', '.join(ESTIMATORS)}. "
      f"Received: name={config.name!r}"
    )
  return ESTIMATORS[config.name](
    config, MetaParameterSpace(rule, knots, trained)
  )
