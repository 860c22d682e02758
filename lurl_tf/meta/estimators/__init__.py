# SPDX-License-Identifier: Apache-2.0
"""Estimators of the meta-gradient."""

from lurl_tf.meta.estimators.config import EstimatorConfig
from lurl_tf.meta.estimators.estimator import (
  Estimate,
  Estimator,
  split_seeds,
)
from lurl_tf.meta.estimators.evolution_strategies import EvolutionStrategies
from lurl_tf.meta.estimators.get import (
  ESTIMATORS,
  EVOLUTION,
  get_estimator,
)
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

__all__ = [
  "ESTIMATORS",
  "EVOLUTION",
  "Estimate",
  "Estimator",
  "EstimatorConfig",
  "EvolutionStrategies",
  "FullBackpropagation",
  "Mixture",
  "PersistentEvolutionStrategies",
  "SinglePerturbationEvolution",
  "TruncatedBackpropagation",
  "get_estimator",
  "split_seeds",
]
