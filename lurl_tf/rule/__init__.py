# SPDX-License-Identifier: Apache-2.0
"""How a base model learns: update rules and the inner optimizer."""

from lurl_tf.rule.apply_rule import inner_step
from lurl_tf.rule.inner_optimizer import apply_changes, scheduled_rate
from lurl_tf.rule.update_rule import UpdateRule, from_tf1_checkpoint

__all__ = [
  "UpdateRule",
  "apply_changes",
  "from_tf1_checkpoint",
  "inner_step",
  "scheduled_rate",
]
