# SPDX-License-Identifier: Apache-2.0
"""How a rule's convolutions are computed, chosen by what computes them.

What pays was measured: docs/speed_log.md.
"""

from typing import Literal

from lurl_tf.rule.arithmetic.winograd import FEWEST_CHANNELS
from lurl_tf.structures import RuleConfig


def choose_convolutions(
  rule: RuleConfig, compiler: str, product_dtype: str, on_processors: bool
) -> Literal["direct", "winograd"]:
  """A value of `UnrollConfig.convolutions`.

  Winograd's take less time on processors, by XLA, where channels are many, and
  need factors that are not rounded.

  Args:
    rule: sizes and options.
    compiler: of `UnrollConfig`.
    product_dtype: of `UnrollConfig`.
    on_processors: whether replicas run on processors.
  """
  channels = max(rule.hidden_channels, rule.top_channels)
  pays = rule.mixing == "published" and channels >= FEWEST_CHANNELS
  able = on_processors and compiler == "xla" and product_dtype == "float32"
  return "winograd" if pays and able else "direct"
