# SPDX-License-Identifier: Apache-2.0
"""Inner optimizers: from proposals to the next weights."""

from lurl_tf.optimizers.decayed_sgd import (
  DEFAULT_LEARNING_RATE,
  DecayedSGD,
  apply_changes,
)
from lurl_tf.optimizers.functional import FunctionalOptimizer
from lurl_tf.optimizers.inner_optimizer_config import InnerOptimizerConfig
from lurl_tf.optimizers.rate_schedule import LogLinearRate, scheduled_rate

__all__ = [
  "DEFAULT_LEARNING_RATE",
  "DecayedSGD",
  "FunctionalOptimizer",
  "InnerOptimizerConfig",
  "LogLinearRate",
  "apply_changes",
  "scheduled_rate",
]
