# SPDX-License-Identifier: Apache-2.0
"""What runs the inner steps of a meta-training, chosen by their size.

The numbers are measurements: docs/measure_speed.md.
"""

from lurl_tf.meta.estimators.config import EVOLUTION
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks.distributions import Bucket, TaskDistribution

# Numbers of a layer's unit states, from which on TensorFlow's own operations
# need less time than XLA on a processor.
GRAPH_PAYS_FROM = 700_000
# Arrays as large as all unit states that a graph's backward pass keeps of an
# inner step, and the bytes of a truncation that are not too many to keep.
KEPT_ARRAYS = 20
KEPT_LIMIT = 6 * 10**9


def choose_compiler(
  rule: RuleConfig,
  tasks: TaskDistribution,
  estimator: str,
  on_processors: bool,
) -> str:
  """What computes inner steps and their gradient in the least time.

  Args:
    rule: sizes and options.
    tasks: with the base models of the buckets.
    estimator: name of the estimator of the meta-gradient. Those that evolve
      all meta-parameters need no gradient, and XLA is faster without.
    on_processors: whether replicas run on processors.

  Returns:
    `"xla"` or `"graph"`, for `UnrollConfig`.
  """
  differentiated = estimator not in EVOLUTION
  convolved = rule.mixing == "published" and rule.dtype == "float32"
  if not (differentiated and convolved and on_processors):
    return "xla"
  layers = [len(_layer_sizes(bucket)) for bucket in tasks.buckets]
  numbers = [_state_numbers(rule, bucket) for bucket in tasks.buckets]
  return "graph" if sum(numbers) / sum(layers) >= GRAPH_PAYS_FROM else "xla"


def choose_recompute(
  rule: RuleConfig, tasks: TaskDistribution, compiler: str, max_steps: int
) -> bool:
  """Whether the backward pass computes the inside of inner steps anew.

  By XLA that is faster, unless truncations have one step. A graph is faster
  where it keeps the inside: it does so while that is not too large.

  Args:
    rule: sizes and options.
    tasks: with the base models of the buckets.
    compiler: of `UnrollConfig`.
    max_steps: inner steps of the longest truncation.
  """
  if max_steps == 1 or compiler == "xla":
    return max_steps > 1
  numbers = max(_state_numbers(rule, bucket) for bucket in tasks.buckets)
  return KEPT_ARRAYS * 4 * numbers * max_steps > KEPT_LIMIT


def _layer_sizes(bucket: Bucket) -> tuple[int, ...]:
  """Units of all layers, and of the input layer where it is known."""
  if bucket.image_size is None:
    return bucket.units
  return (bucket.image_size**2 * bucket.channels, *bucket.units)


def _state_numbers(rule: RuleConfig, bucket: Bucket) -> int:
  """How many numbers the unit states of all layers are, for one task."""
  per_unit = bucket.episodes.batch_size * rule.hidden_channels
  return per_unit * sum(_layer_sizes(bucket))
