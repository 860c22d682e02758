# SPDX-License-Identifier: Apache-2.0
"""The choice of what runs inner steps, against what was measured faster."""

import dataclasses

import pytest
import tensorflow as tf

from experiments import meta_train
from experiments.engine_choice import choose_compiler, choose_recompute
from lurl_tf.structures import RuleConfig
from lurl_tf.tasks import EpisodeConfig
from lurl_tf.tasks.distributions import Bucket, DataSource, TaskDistribution
from tests import tiny_meta

PUBLISHED = RuleConfig()
PUBLISHED_UNITS = (128, 128, 128, 128, 32)


def tasks(*units, batch_size=128, image_size=14):
  """A distribution with a bucket for each of the base models."""
  episodes = EpisodeConfig(batch_size=batch_size)
  return TaskDistribution(
    sources=(DataSource("random"),),
    buckets=tuple(
      Bucket(each, image_size=image_size, episodes=episodes) for each in units
    ),
  )


# Milliseconds by XLA and by the graph: docs/measure_speed.md.
@pytest.mark.parametrize(
  ("channels", "units", "batch_size", "faster"),
  [
    (24, (128, 128, 32), 128, "xla"),  # 67 and 75
    (32, (128, 128, 32), 128, "xla"),  # 75 and 81
    (48, (128, 128, 32), 128, "graph"),  # 147 and 134
    (48, (128, 32), 128, "graph"),  # 104 and 85
    (64, PUBLISHED_UNITS, 128, "graph"),  # 372 and 245
    (64, (128, 32), 64, "xla"),  # 75 and 78
    (64, (64, 32), 64, "xla"),  # 67 and 74
    (24, (512, 512, 32), 128, "graph"),  # 268 and 213
  ],
)
def test_the_faster_one_of_what_was_measured(
  channels, units, batch_size, faster
):
  rule = dataclasses.replace(PUBLISHED, hidden_channels=channels)
  chosen = choose_compiler(
    rule, tasks(units, batch_size=batch_size), "tbptt", True
  )
  assert chosen == faster


@pytest.mark.parametrize(
  ("changes", "estimator", "on_processors"),
  [
    ({}, "tbptt", False),
    ({}, "pes", True),
    ({"mixing": "pooled"}, "tbptt", True),
    ({"dtype": "float64"}, "tbptt", True),
  ],
)
def test_xla_for_all_that_the_graph_is_not_for(
  changes, estimator, on_processors
):
  def choose(rule, estimator, on_processors):
    return choose_compiler(
      rule, tasks(PUBLISHED_UNITS), estimator, on_processors
    )

  assert choose(PUBLISHED, "tbptt", True) == "graph"
  rule = dataclasses.replace(PUBLISHED, **changes)
  assert choose(rule, estimator, on_processors) == "xla"


def test_buckets_count_by_their_layers():
  """196-128-32 with 64 channels: 0.97 million numbers a layer, 0.27 in 8x8."""
  large, small = (128, 32), (32,) * 9 + (64,)
  both = tasks(large, small)
  assert choose_compiler(PUBLISHED, tasks(large), "bptt", True) == "graph"
  assert choose_compiler(PUBLISHED, both, "bptt", True) == "xla"


def test_a_graph_keeps_what_is_not_too_large():
  """0.47 GB an inner step were measured; the last 12 fit in 6 GB."""
  published = tasks(PUBLISHED_UNITS)
  for steps, recompute in ((1, False), (12, False), (13, True), (100, True)):
    assert choose_recompute(PUBLISHED, published, "graph", steps) == recompute
  for steps, recompute in ((1, False), (2, True)):
    assert choose_recompute(PUBLISHED, published, "xla", steps) == recompute


def test_the_largest_bucket_decides():
  both = tasks(PUBLISHED_UNITS, (2048, 32))
  assert not choose_recompute(PUBLISHED, tasks(PUBLISHED_UNITS), "graph", 10)
  assert choose_recompute(PUBLISHED, both, "graph", 10)


def test_inputs_of_unknown_size_do_not_count():
  """128-32 alone: 0.66 million numbers a layer."""
  known, unknown = tasks((128, 32)), tasks((128, 32), image_size=None)
  assert choose_compiler(PUBLISHED, known, "tbptt", True) == "graph"
  assert choose_compiler(PUBLISHED, unknown, "tbptt", True) == "xla"


@pytest.mark.parametrize(
  ("values", "compiler", "recompute"),
  [
    ({}, "graph", False),
    ({"compiler": "xla"}, "xla", True),
    ({"recompute": "always"}, "graph", True),
    ({"compiler": "xla", "recompute": "never"}, "xla", False),
    ({"min_truncation": 20, "max_truncation": 20}, "graph", True),
    ({"mixing": "pooled"}, "xla", True),
  ],
)
def test_by_flags(values, compiler, recompute):
  """The published rule and base model, from random meta-parameters."""
  unset = ("min_truncation", "max_truncation")
  sizes = {
    "mixing": "published",
    "hidden_channels": 64,
    "delta_channels": 32,
    "tasks": "small",
    "units": ",".join(map(str, PUBLISHED_UNITS)),
    "batch_size": 128,
    "initial_rule": "random",
  }
  with tiny_meta.parsed_flags(
    [name for name in unset if name not in values], **(sizes | values)
  ):
    config = meta_train.config_from_flags(strategy=tf.distribute.get_strategy())
  assert config.unroll.compiler == compiler
  assert config.unroll.recompute == recompute
