# SPDX-License-Identifier: Apache-2.0
"""Learned unsupervised update rules for Keras and TensorFlow."""

from lurl_tf import layers, rule, tasks
from lurl_tf.layers import LocalRuleDense, forward
from lurl_tf.rule import UpdateRule, inner_step
from lurl_tf.structures import Activations, LayerWeights, RuleConfig

__version__ = "0.1.0"
