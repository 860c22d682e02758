# SPDX-License-Identifier: Apache-2.0
"""Tests of what the backward pass keeps, by its size."""

import pytest
import tensorflow as tf

from experiments import meta_train
from lurl_tf.meta.inner.automatic import (
  choose_convolutions,
  choose_recomputation,
)
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


def choose(compiler, steps, *units, on_processors=True):
  return choose_recomputation(
    PUBLISHED, tasks(*units), compiler, steps, on_processors
  )


@pytest.mark.parametrize("compiler", ["xla", "graph"])
def test_one_step_is_kept(compiler):
  assert choose(compiler, 1, PUBLISHED_UNITS) == "never"


def test_a_graph_keeps_what_is_not_too_large():
  """0.47 GB an inner step were measured; the last 12 fit in 6 GB."""
  for steps, expected in (
    (2, "never"),
    (12, "never"),
    (13, "always"),
    (100, "always"),
  ):
    assert choose("graph", steps, PUBLISHED_UNITS) == expected


def test_xla_keeps_products_that_are_not_too_large():
  """6.06 million numbers, 7 arrays: 0.17 GB a step; 11 fit in 2 GB."""
  for steps, expected in (
    (2, "elementwise"),
    (11, "elementwise"),
    (12, "always"),
  ):
    assert choose("xla", steps, PUBLISHED_UNITS) == expected


def test_accelerators_keep_no_products():
  assert choose("xla", 2, PUBLISHED_UNITS, on_processors=False) == "always"


def test_the_largest_bucket_decides():
  assert choose("graph", 10, PUBLISHED_UNITS) == "never"
  assert choose("graph", 10, PUBLISHED_UNITS, (2048, 32)) == "always"


def test_inputs_of_unknown_size_do_not_count():
  """128-32 of 14x14 inputs: 0.08 GB a step; without them 0.04 GB."""
  known, unknown = tasks((128, 32)), tasks((128, 32), image_size=None)
  for distribution, expected in ((known, "always"), (unknown, "elementwise")):
    chosen = choose_recomputation(PUBLISHED, distribution, "xla", 40, True)
    assert chosen == expected


@pytest.mark.parametrize(
  ("values", "expected"),
  [
    ({}, "elementwise"),
    ({"max_truncation": 20}, "always"),
    ({"compiler": "graph"}, "never"),
    ({"compiler": "graph", "recompute": "always"}, "always"),
    ({"compiler": "graph", "max_truncation": 20}, "always"),
    ({"recompute": "never"}, "never"),
    ({"recompute": "elementwise"}, "elementwise"),
  ],
)
def test_by_flags(values, expected):
  """The published rule and base model, from random meta-parameters."""
  sizes = {
    "mixing": "published",
    "hidden_channels": 64,
    "delta_channels": 32,
    "tasks": "small",
    "units": ",".join(map(str, PUBLISHED_UNITS)),
    "batch_size": 128,
    "initial_rule": "random",
    "min_truncation": 5,
    "max_truncation": 10,
  }
  with tiny_meta.parsed_flags([], **(sizes | values)):
    config = meta_train.config_from_flags(strategy=tf.distribute.get_strategy())
  assert config.unroll.compiler == values.get("compiler", "xla")
  assert config.unroll.recompute == expected


PUBLISHED_RULE = RuleConfig()
SMALL = RuleConfig(hidden_channels=24, delta_channels=16, top_channels=16)


def test_many_channels_on_processors_by_xla():
  assert (
    choose_convolutions(PUBLISHED_RULE, "xla", "float32", True) == "winograd"
  )


@pytest.mark.parametrize(
  "arguments",
  [
    (SMALL, "xla", "float32", True),
    (RuleConfig(mixing="pooled"), "xla", "float32", True),
    (PUBLISHED_RULE, "graph", "float32", True),
    (PUBLISHED_RULE, "xla", "bfloat16", True),
    (PUBLISHED_RULE, "xla", "float32", False),
  ],
)
def test_all_others_convolve_directly(arguments):
  assert choose_convolutions(*arguments) == "direct"


@pytest.mark.parametrize(
  ("values", "expected"),
  [
    ({}, "winograd"),
    ({"hidden_channels": 24}, "direct"),
    ({"compiler": "graph"}, "direct"),
    ({"convolutions": "direct"}, "direct"),
    ({"hidden_channels": 24, "convolutions": "winograd"}, "winograd"),
  ],
)
def test_convolutions_by_flags(values, expected):
  sizes = {
    "mixing": "published",
    "hidden_channels": 64,
    "delta_channels": 8,
    "tasks": "small",
    "initial_rule": "random",
  }
  with tiny_meta.parsed_flags([], **(sizes | values)):
    config = meta_train.config_from_flags(strategy=tf.distribute.get_strategy())
  assert config.unroll.convolutions == expected
