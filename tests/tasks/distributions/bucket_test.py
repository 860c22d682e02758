# SPDX-License-Identifier: Apache-2.0
"""Tests of buckets."""

import collections

import numpy as np
import pytest

from lurl_tf.tasks.distributions.bucket import Bucket, sample_buckets
from lurl_tf.tasks.episodes import EpisodeConfig


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"units": ()}, r"units=\(\)"),
    ({"units": (8, 0)}, r"units=\(8, 0\)"),
    ({"activation": "no_such"}, "no_such"),
    ({"image_size": 0}, "image_size=0"),
    ({"channels": 2}, "channels=2"),
    ({"resize": "cubic"}, "resize='cubic'"),
  ],
)
def test_a_bad_field_is_named(fields, message):
  with pytest.raises(ValueError, match=message):
    Bucket(**fields)


def test_a_bucket_in_a_line():
  assert str(Bucket((64, 32), "elu", 14, 3)) == "14x14x3 64-32 elu"
  assert str(Bucket((8,), image_size=None)) == "8 relu"


def test_sampled_buckets_are_spread_as_the_paper_says():
  """Depth uniform from 2 to 5, width log-uniform from 64 to 512."""
  buckets = sample_buckets(2000, seed=0)
  depths = collections.Counter(len(each.units) - 1 for each in buckets)
  assert sorted(depths) == [2, 3, 4, 5]
  assert min(depths.values()) > 430
  widths = np.array([each.units[0] for each in buckets])
  assert (widths.min(), widths.max()) == (64, 512)
  assert not np.any(widths % 32)
  # Half of the widths lie below the geometric mean of the ends, 181.
  assert 0.45 < np.mean(widths < 181) < 0.55
  for each in buckets:
    assert set(each.units[:-1]) == {each.units[0]}
    assert each.units[-1] == 32


def test_samples_are_a_function_of_the_seed_and_the_place():
  buckets = sample_buckets(6, seed=1)
  assert sample_buckets(4, seed=1) == buckets[:4]
  assert sample_buckets(6, seed=2) != buckets


def test_options_take_turns():
  episodes = EpisodeConfig(batch_size=7)
  buckets = sample_buckets(
    3,
    seed=0,
    depths=(1, 1),
    widths=(5, 5),
    activations=("relu", "elu"),
    image_sizes=(8, 14),
    output_size=4,
    multiple=1,
    episodes=episodes,
  )
  assert buckets == tuple(
    Bucket((5, 4), activation, size, episodes=episodes)
    for activation, size in (("relu", 8), ("elu", 14), ("relu", 8))
  )


@pytest.mark.parametrize(
  "options", [{"count": 0}, {"depths": (3, 2)}, {"widths": (0, 4)}]
)
def test_empty_ranges_are_refused(options):
  with pytest.raises(ValueError, match="Received: count="):
    sample_buckets(**{"count": 1, "seed": 0, **options})
