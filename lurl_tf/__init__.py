# SPDX-License-Identifier: Apache-2.0
"""Learned unsupervised update rules for Keras and TensorFlow."""

from lurl_tf import (
  activations,
  baselines,
  evaluation,
  layers,
  meta,
  models,
  optimizers,
  presets,
  rule,
  tasks,
)
from lurl_tf.layers import LocalRuleDense, forward
from lurl_tf.meta import ridge_objective
from lurl_tf.models import LocalRuleModel, RuleFeatures
from lurl_tf.rule import UpdateRule, from_tf1_checkpoint, inner_step
from lurl_tf.structures import Activations, LayerWeights, RuleConfig

__version__ = "0.2.0"

__all__ = [
  "Activations",
  "LayerWeights",
  "LocalRuleDense",
  "LocalRuleModel",
  "RuleConfig",
  "RuleFeatures",
  "UpdateRule",
  "activations",
  "baselines",
  "evaluation",
  "forward",
  "from_tf1_checkpoint",
  "inner_step",
  "layers",
  "meta",
  "models",
  "optimizers",
  "presets",
  "ridge_objective",
  "rule",
  "tasks",
]
