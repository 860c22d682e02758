# SPDX-License-Identifier: Apache-2.0
"""How a base model learns: update rules and the inner optimizer."""

from lurl_tf.rule.inner_optimizer import apply_changes, scheduled_rate
from lurl_tf.rule.inner_step import inner_step
from lurl_tf.rule.update_rule import UpdateRule

__all__ = ["UpdateRule", "apply_changes", "inner_step", "scheduled_rate"]
