# SPDX-License-Identifier: Apache-2.0
"""From an estimator's config to the estimator."""

import dataclasses

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

_EVOLUTION = {
  "es": EvolutionStrategies,
  "pes": PersistentEvolutionStrategies,
  "es_single": SinglePerturbationEvolution,
}


def get_estimator(
  config: EstimatorConfig, rule: RuleConfig, knots: int, trained: np.ndarray
) -> Estimator:
  """Makes an estimator.

  Args:
    config: which one, and its numbers.
    rule: the rule's sizes.
    knots: of the inner learning rate.
    trained: `[n]` bool, the meta-parameters that are trained; the others are
      not perturbed.

  Returns:
    `Estimator`.

  Raises:
    ValueError: if a mixture leaves nothing to one of its two estimators, or a
      pattern of `config.evolved` is found in no name.
  """
  if config.name in _EVOLUTION:
    return _EVOLUTION[config.name](config, trained)
  if config.name == "mixture":
    group = parameter_mask(rule, knots, config.evolved) & trained
    if not 0 < group.sum() < trained.sum():
      raise ValueError(
        "`evolved` must name some of the meta-parameters that are trained, and "
        f"not all. Received: evolved={config.evolved}, which are {group.sum()} "
        f"of {trained.sum()} numbers"
      )
    return Mixture(
      TruncatedBackpropagation(),
      get_estimator(
        dataclasses.replace(config, name=config.evolution), rule, knots, group
      ),
      group,
    )
  if config.name == "bptt":
    return FullBackpropagation()
  return TruncatedBackpropagation()
