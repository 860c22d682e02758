# SPDX-License-Identifier: Apache-2.0
"""Base models: the forward pass, starting weights and the Keras layer."""

from lurl_tf.layers.forward_pass import forward
from lurl_tf.layers.initial_weights import initial_weights
from lurl_tf.layers.local_rule_dense import LocalRuleDense

__all__ = ["LocalRuleDense", "forward", "initial_weights"]
