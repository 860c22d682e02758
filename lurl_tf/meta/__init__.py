# SPDX-License-Identifier: Apache-2.0
"""Meta-training: objective, unrolls, estimators, trainer and runs."""

from lurl_tf.meta.estimators import EstimatorConfig
from lurl_tf.meta.fit import fit
from lurl_tf.meta.inner.imitation import ImitationConfig
from lurl_tf.meta.inner.objective import ridge_objective
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.metrics import FirstCall, MetaMetrics
from lurl_tf.meta.runs.callback import Callback, RunState, Summary
from lurl_tf.meta.strategy import make_strategy
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.meta.validation import VALIDATION_SEED, Validation

__all__ = [
  "VALIDATION_SEED",
  "Callback",
  "EstimatorConfig",
  "FirstCall",
  "ImitationConfig",
  "MetaMetrics",
  "MetaTrainConfig",
  "MetaTrainer",
  "RunState",
  "Summary",
  "UnrollConfig",
  "Validation",
  "fit",
  "make_strategy",
  "ridge_objective",
]
