# SPDX-License-Identifier: Apache-2.0
"""Tests of the distributions that have names."""

import pytest

from lurl_tf.tasks.distributions import named
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.data_source import DataSource
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution


@pytest.mark.parametrize("name", ["quick", "small", "compact", "metz2019"])
def test_named_distributions_are_whole(name):
  """They have all uses, and survive JSON."""
  tasks = named.named_distribution(name)
  assert TaskDistribution.from_json(tasks.to_json()) == tasks
  for use in ("meta_train", "meta_validation", "test"):
    assert tasks.sources_for(use)
  assert name in named.distribution_names()
  # MNIST is for reports: nothing is learned from it or chosen by it.
  for source in tasks.sources:
    assert source.name != "mnist" or source.use == "test"


def test_compact_is_small_and_mixed():
  tasks = named.named_distribution("compact")
  names = {source.name for source in tasks.sources_for("meta_train")}
  assert {"cifar10", "tiny_imagenet32"} < names
  for bucket in tasks.buckets:
    assert 8 <= bucket.image_size <= 14
    assert max(bucket.units) <= 128


def test_the_papers_architectures():
  for bucket in named.named_distribution("metz2019").buckets:
    *hidden, top = bucket.units
    assert 2 <= len(hidden) <= 5
    assert 64 <= hidden[0] <= 512
    assert top == 32


def test_an_unknown_name_lists_the_known():
  with pytest.raises(ValueError, match="quick, small, compact, metz.*compct"):
    named.named_distribution("compct")


def test_find_takes_names_files_and_data_sets(tmp_path):
  assert named.find_distribution("quick") == named.named_distribution("quick")
  tasks = TaskDistribution((DataSource("mnist", 2.0),), (Bucket((5,)),))
  tasks.save(tmp_path / "mine.json")
  assert named.find_distribution(str(tmp_path / "mine.json")) == tasks
  single = named.find_distribution("folder:/tmp/x")
  assert single.sources == (DataSource("folder:/tmp/x"),)
  assert single.buckets == named.named_distribution("quick").buckets
  with pytest.raises(FileNotFoundError, match="none.json"):
    named.find_distribution(str(tmp_path / "none.json"))
