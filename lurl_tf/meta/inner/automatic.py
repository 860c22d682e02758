# SPDX-License-Identifier: Apache-2.0
"""What backward passes compute anew and what they keep, chosen by size.

The numbers are measurements: docs/speed_log.md.
"""

from typing import Literal

from lurl_tf.meta.inner.unroll_config import Recompute
from lurl_tf.rule.arithmetic.winograd import FEWEST_CHANNELS
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.distributions import Bucket, TaskDistribution

# Arrays as large as all unit states that a graph's backward pass keeps of an
# inner step, and the bytes of a truncation that are not too many to keep.
KEPT_ARRAYS = 20
KEPT_LIMIT = 6 * 10**9
# The same of the results of products alone, by XLA, for one task slot. As many
# slots run at once as there are cores, so that one may keep less.
KEPT_PRODUCTS = 7
KEPT_PRODUCTS_LIMIT = 2 * 10**9


def choose_recomputation(
  rule: RuleConfig,
  tasks: TaskDistribution,
  compiler: str,
  max_steps: int,
  on_processors: bool,
) -> Recompute:
  """A value of `UnrollConfig.recompute`.

  By XLA it is faster to compute the inside of inner steps anew, unless
  truncations have one step; on processors, faster still to keep the results of
  products. A graph is faster that keeps everything. Both keep what is not too
  large.

  Args:
    rule: sizes and options.
    tasks: with the base models of the buckets.
    compiler: of `UnrollConfig`.
    max_steps: inner steps of the longest truncation.
    on_processors: whether replicas run on processors.
  """
  if max_steps == 1:
    return "never"
  numbers = max(_state_numbers(rule, bucket) for bucket in tasks.buckets)
  array = 4 * numbers * max_steps
  if compiler == "graph":
    return "always" if KEPT_ARRAYS * array > KEPT_LIMIT else "never"
  small = KEPT_PRODUCTS * array <= KEPT_PRODUCTS_LIMIT
  return "elementwise" if on_processors and small else "always"


def _state_numbers(rule: RuleConfig, bucket: Bucket) -> int:
  """How many numbers the unit states of all layers are, for one task."""
  units = sum(bucket.units)
  if bucket.image_size is not None:
    units += bucket.image_size**2 * bucket.channels
  return bucket.episodes.batch_size * rule.hidden_channels * units


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
