# SPDX-License-Identifier: Apache-2.0
"""Tests of the values that replace "auto" in a run."""

import pytest

from experiments import meta_train
from lurl_tf.meta.inner.automatic import (
  resolve_slots_per_program,
  resolve_unroll,
)
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.train_config import MetaTrainConfig
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


def resolve(distribution, rule=PUBLISHED, on_cpu=True, **options):
  """The options of the unroll of a run on a distribution of tasks."""
  config = MetaTrainConfig(
    rule=rule,
    tasks=distribution,
    unroll=UnrollConfig(**options),
    min_truncation=1,
  )
  return resolve_unroll(config, on_cpu=on_cpu)


def choose(compiler, steps, *units, on_cpu=True):
  return resolve(
    tasks(*units), on_cpu=on_cpu, compiler=compiler, max_steps=steps
  ).recompute


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


def test_other_devices_keep_no_products():
  assert choose("xla", 2, PUBLISHED_UNITS, on_cpu=False) == "always"


def test_the_largest_bucket_decides():
  assert choose("graph", 10, PUBLISHED_UNITS) == "never"
  assert choose("graph", 10, PUBLISHED_UNITS, (2048, 32)) == "always"


def test_inputs_of_unknown_size_do_not_count():
  """128-32 of 14x14 inputs: 0.08 GB a step; without them 0.04 GB."""
  known, unknown = tasks((128, 32)), tasks((128, 32), image_size=None)
  for distribution, expected in ((known, "always"), (unknown, "elementwise")):
    assert resolve(distribution, max_steps=40).recompute == expected


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
    unroll = resolve_unroll(meta_train.config_from_flags(), on_cpu=True)
  assert unroll.compiler == values.get("compiler", "xla")
  assert unroll.recompute == expected


SMALL = RuleConfig(hidden_channels=24, delta_channels=16, top_channels=16)


def test_many_channels_on_cpus_with_xla():
  assert resolve(tasks((8,))).convolutions == "winograd"


@pytest.mark.parametrize(
  "options",
  [
    {"rule": SMALL},
    {"rule": RuleConfig(mixing="pooled")},
    {"compiler": "graph"},
    {"product_dtype": "bfloat16"},
    {"on_cpu": False},
  ],
)
def test_all_others_convolve_directly(options):
  assert resolve(tasks((8,)), **options).convolutions == "direct"


def test_values_that_were_asked_for_stay():
  unroll = UnrollConfig(recompute="never", convolutions="direct")
  config = MetaTrainConfig(rule=PUBLISHED, unroll=unroll)
  assert resolve_unroll(config, on_cpu=True) == unroll


def test_the_trainer_resolves():
  config = tiny_meta.make_config()
  assert config.unroll.recompute == config.unroll.convolutions == "auto"
  trainer = tiny_meta.make_trainer(config)
  assert trainer.config.unroll == resolve_unroll(config, on_cpu=True)


def test_slots_of_a_program():
  assert resolve_slots_per_program(None, 4, on_cpu=True) == 1
  assert resolve_slots_per_program(None, 4, on_cpu=False) == 4
  assert resolve_slots_per_program(2, 4, on_cpu=True) == 2
  with pytest.raises(ValueError, match="Received: slots_per_program=0"):
    resolve_slots_per_program(0, 4, on_cpu=True)


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
    unroll = resolve_unroll(meta_train.config_from_flags(), on_cpu=True)
  assert unroll.convolutions == expected
