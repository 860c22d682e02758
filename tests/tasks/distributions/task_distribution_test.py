# SPDX-License-Identifier: Apache-2.0
"""Tests of task distributions as values and as JSON."""

import json

import pytest

from lurl_tf.tasks.augmentation.config import AugmentationConfig
from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.data_source import DataSource
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution
from lurl_tf.tasks.episodes import EpisodeConfig

TRAIN = DataSource("mnist")


def make_distribution():
  return TaskDistribution(
    sources=(
      TRAIN,
      DataSource("mnist", 2.0, "test", "test"),
      DataSource("cifar10", use="meta_validation", classes="held_out"),
    ),
    buckets=(
      Bucket((16, 8), "tanh", 14, 3, "stride", EpisodeConfig(5, 7, 2, 3, 4)),
      Bucket(image_size=None),
    ),
    augmentation=AugmentationConfig(max_shift=1.0, scale_range=(0.5, 2.0)),
    regress_augmentation=True,
    held_out_share=0.25,
  )


def test_a_json_file_holds_all_of_it(tmp_path):
  distribution = make_distribution()
  distribution.save(tmp_path / "tasks.json")
  assert TaskDistribution.load(tmp_path / "tasks.json") == distribution
  value = json.loads((tmp_path / "tasks.json").read_text())
  assert value["buckets"][0]["episodes"]["batch_size"] == 7
  assert value["sources"][2]["classes"] == "held_out"


def test_a_short_file_takes_defaults(tmp_path):
  path = tmp_path / "tasks.json"
  path.write_text('{"sources": [{"name": "mnist"}]}')
  assert TaskDistribution.load(path) == TaskDistribution((TRAIN,))


def test_sources_by_use():
  distribution = make_distribution()
  assert distribution.sources_for("meta_train") == (TRAIN,)
  (held_out,) = distribution.sources_for("meta_validation")
  assert held_out.name == "cifar10"


@pytest.mark.parametrize(
  ("text", "message"),
  [
    ("{", "must be a JSON file .*Received: path="),
    ("[]", "tasks.json: TaskDistribution must be an object"),
    ("{}", "tasks.json: .*must have the field sources"),
    ('{"sources": [{"name": 3}]}', r"`sources\[0\].name` must be str"),
    ('{"sources": [{"nam": "a"}]}', r"sources\[0\] must have fields.*nam"),
    (
      '{"sources": [{"name": "a", "weight": -1}]}',
      r"In sources\[0\]: `weight` must be positive. Received: weight=-1",
    ),
    ('{"sources": []}', "must have one of use 'meta_train'"),
  ],
)
def test_a_damaged_file_is_named(text, message, tmp_path):
  path = tmp_path / "tasks.json"
  path.write_text(text)
  with pytest.raises(ValueError, match=message):
    TaskDistribution.load(path)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="no_such"):
    TaskDistribution.load(tmp_path / "no_such.json")


@pytest.mark.parametrize("use", ["meta_validation", "test"])
def test_one_example_cannot_have_two_uses(use):
  with pytest.raises(ValueError, match=f"to meta_train and to {use}"):
    TaskDistribution((TRAIN, DataSource("mnist", use=use)))
  held_out = DataSource("mnist", use=use, classes="held_out")
  with pytest.raises(ValueError, match="take other splits, or classes"):
    TaskDistribution((TRAIN, held_out))
  TaskDistribution((DataSource("mnist", classes="meta_train"), held_out))
  TaskDistribution((TRAIN, DataSource("mnist", use=use, split="test")))


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"sources": (DataSource("a", use="test"),)}, "use 'meta_train'"),
    ({"buckets": ()}, "Received: buckets="),
    ({"held_out_share": 0.0}, "held_out_share=0.0"),
    ({"held_out_share": 1.0}, "held_out_share=1.0"),
  ],
)
def test_a_bad_field_is_named(fields, message):
  with pytest.raises(ValueError, match=message):
    TaskDistribution(**{"sources": (TRAIN,), **fields})
