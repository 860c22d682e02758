# SPDX-License-Identifier: Apache-2.0
"""Tests of a distribution's data sets."""

import pytest

from lurl_tf.tasks.distributions.data_source import DataSource, seed_range


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"name": ""}, "name=''"),
    ({"split": ""}, "split=''"),
    ({"weight": 0.0}, "weight=0.0"),
    ({"weight": float("nan")}, "weight=nan"),
    ({"use": "train"}, "one of meta_train, meta_validation, test.*use='train'"),
    ({"classes": "some"}, "all, meta_train, held_out.*classes='some'"),
  ],
)
def test_a_bad_field_is_named(fields, message):
  with pytest.raises(ValueError, match=message):
    DataSource(**{"name": "mnist", **fields})


@pytest.mark.parametrize(
  ("one", "other", "expected"),
  [
    ({}, {"name": "cifar10"}, False),
    ({}, {"split": "test"}, False),
    ({}, {}, True),
    ({"split": "train[:50%]"}, {"split": "train[50%:]"}, True),
    ({"split": "train+test"}, {"split": "test"}, True),
    ({"split": "all"}, {"split": "test"}, True),
    ({"classes": "meta_train"}, {"classes": "held_out"}, False),
    ({"classes": "meta_train"}, {"classes": "meta_train"}, True),
    ({"classes": "all"}, {"classes": "held_out"}, True),
  ],
)
def test_which_sources_may_share_examples(one, other, expected):
  one, other = (
    DataSource(**{"name": "mnist", **fields}) for fields in (one, other)
  )
  assert one.may_share_examples(other) is expected
  assert other.may_share_examples(one) is expected


def test_synthetic_sources_share_seeds():
  def source(split):
    return DataSource("synthetic:clusters", split=split)

  assert source("0:3").may_share_examples(source("2"))
  assert not source("0:3").may_share_examples(source("3:5"))
  assert list(seed_range(source("2:5"))) == [2, 3, 4]
  assert list(seed_range(source("7"))) == [7]


@pytest.mark.parametrize("split", ["train", "3:3", "4:2", ":3", "2:", "-1"])
def test_a_range_of_seeds_that_is_none_is_refused(split):
  source = DataSource("synthetic:clusters", split=split)
  with pytest.raises(ValueError, match=f"split='{split}'"):
    seed_range(source)
