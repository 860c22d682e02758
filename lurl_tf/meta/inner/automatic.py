# SPDX-License-Identifier: Apache-2.0
"""Replaces the "auto" values of a run by the fastest ones for its device.

The limits are measurements, see docs/log/speed.md.
"""

import dataclasses
from typing import Literal

from lurl_tf.meta.inner.unroll_config import Recompute, UnrollConfig
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.rule.arithmetic.winograd import FEWEST_CHANNELS
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.distributions import Bucket

# The backward pass of a graph keeps this many arrays, each as large as all unit
# states, per inner step. Up to the limit in bytes keeping them is faster.
KEPT_ARRAYS = 20
KEPT_LIMIT = 6 * 10**9
# The same for XLA where only the results of products are kept, for one task
# slot. The limit is lower because one slot per core runs at the same time.
KEPT_PRODUCTS = 7
KEPT_PRODUCTS_LIMIT = 2 * 10**9


def resolve_unroll(config: MetaTrainConfig, on_cpu: bool) -> UnrollConfig:
  """Replaces the "auto" values of `config.unroll`.

  Args:
    config: Configuration of the run.
    on_cpu: Whether the inner steps run on CPUs.

  Returns:
    `config.unroll` without "auto" values; all other values are unchanged.

  Example:

  >>> from lurl_tf.meta.inner.automatic import resolve_unroll
  >>> config = lurl_tf.meta.MetaTrainConfig(rule=lurl_tf.RuleConfig())
  >>> unroll = resolve_unroll(config, on_cpu=True)
  >>> unroll.recompute, unroll.convolutions
  ('elementwise', 'winograd')
  """
  unroll = config.unroll
  if unroll.recompute == "auto":
    recompute = _fastest_recomputation(config, on_cpu)
    unroll = dataclasses.replace(unroll, recompute=recompute)
  if unroll.convolutions == "auto":
    convolutions = _fastest_convolutions(config.rule, unroll, on_cpu)
    unroll = dataclasses.replace(unroll, convolutions=convolutions)
  return unroll


def resolve_slots_per_program(
  slots_per_program: int | None, slots: int, on_cpu: bool
) -> int:
  """Number of task slots in one compiled program.

  Args:
    slots_per_program: Number that was asked for, or None for the fastest: one
      on CPUs, where every core then works on a slot of its own; all on GPUs and
      TPUs.
    slots: Number of task slots of a bucket on one replica.
    on_cpu: Whether the inner steps run on CPUs.

  Returns:
    Integer, at least 1.

  Raises:
    ValueError: If `slots_per_program` is not positive.
  """
  if slots_per_program is None:
    return 1 if on_cpu else slots
  if slots_per_program < 1:
    raise ValueError(
      "`slots_per_program` must be positive, or None. Received: "
      f"slots_per_program={slots_per_program}"
    )
  return slots_per_program


def _fastest_recomputation(config: MetaTrainConfig, on_cpu: bool) -> Recompute:
  """The fastest value of `recompute` whose memory stays below the limits.

  With XLA, recomputing the inside of inner steps is faster than keeping it,
  unless truncations have one step; on CPUs, keeping the results of products is
  faster still. A graph is fastest if it keeps everything.
  """
  unroll = config.unroll
  if unroll.max_steps == 1:
    return "never"
  numbers = max(
    _unit_state_size(config.rule, bucket) for bucket in config.tasks.buckets
  )
  array_bytes = 4 * numbers * unroll.max_steps
  if unroll.compiler == "graph":
    return "always" if KEPT_ARRAYS * array_bytes > KEPT_LIMIT else "never"
  small = KEPT_PRODUCTS * array_bytes <= KEPT_PRODUCTS_LIMIT
  return "elementwise" if on_cpu and small else "always"


def _unit_state_size(rule: RuleConfig, bucket: Bucket) -> int:
  """Size of the unit states of all layers, for one task."""
  units = sum(bucket.units)
  if bucket.image_size is not None:
    units += bucket.image_size**2 * bucket.channels
  return bucket.episodes.batch_size * rule.hidden_channels * units


def _fastest_convolutions(
  rule: RuleConfig, unroll: UnrollConfig, on_cpu: bool
) -> Literal["direct", "winograd"]:
  """The fastest way to convolve.

  Winograd's convolutions are faster on CPUs with XLA if channels are many. They
  need factors that are not rounded.
  """
  channels = max(rule.hidden_channels, rule.top_channels)
  faster = rule.mixing == "published" and channels >= FEWEST_CHANNELS
  possible = unroll.compiler == "xla" and unroll.product_dtype == "float32"
  return "winograd" if on_cpu and faster and possible else "direct"
