# SPDX-License-Identifier: Apache-2.0
"""Update rules, and their application to a base model."""

from lurl_tf.rule.get import HAND_DESIGNED, get
from lurl_tf.rule.hand_designed.backpropagation import Backpropagation
from lurl_tf.rule.hand_designed.hebbian import Hebbian
from lurl_tf.rule.hand_designed.oja import Oja
from lurl_tf.rule.hand_designed.sanger import Sanger
from lurl_tf.rule.hand_designed.winner_take_all import SoftWinnerTakeAll
from lurl_tf.rule.inner_step import inner_step
from lurl_tf.rule.learned.update_rule import UpdateRule, from_tf1_checkpoint
from lurl_tf.rule.local_rule import LayerView, LocalRule

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
