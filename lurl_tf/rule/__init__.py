# SPDX-License-Identifier: Apache-2.0
"""How a base model learns: update rules, and their application."""

from lurl_tf.rule.apply_rule import inner_step
from lurl_tf.rule.backpropagation import Backpropagation
from lurl_tf.rule.get import HAND_DESIGNED, get
from lurl_tf.rule.hebbian import Hebbian
from lurl_tf.rule.local_rule import LayerView, LocalRule
from lurl_tf.rule.oja import Oja
from lurl_tf.rule.sanger import Sanger
from lurl_tf.rule.update_rule import UpdateRule, from_tf1_checkpoint
from lurl_tf.rule.winner_take_all import SoftWinnerTakeAll

__all__ = [
  "HAND_DESIGNED",
  "Backpropagation",
  "Hebbian",
  "LayerView",
  "LocalRule",
  "Oja",
  "Sanger",
  "SoftWinnerTakeAll",
  "UpdateRule",
  "from_tf1_checkpoint",
  "get",
  "inner_step",
]
