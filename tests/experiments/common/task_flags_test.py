# SPDX-License-Identifier: Apache-2.0
"""Tests of the flags that describe tasks."""

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments.common import task_flags
from lurl_tf.tasks import (
  Bucket,
  DataSource,
  EpisodeConfig,
  TaskDistribution,
  named_distribution,
)


def tasks_of(**values):
  flags.FLAGS.mark_as_parsed()
  texts = {name: str(value) for name, value in values.items()}
  with flagsaver.as_parsed(**texts):
    return task_flags.tasks_from_flags()


@pytest.mark.parametrize("name", ["quick", "small", "compact", "metz2019"])
def test_a_name_alone_is_that_distribution(name):
  assert tasks_of(tasks=name) == named_distribution(name)


def test_the_default_is_quick():
  assert tasks_of() == named_distribution("quick")


def test_every_flag_changes_its_field(tmp_path):
  TaskDistribution(
    (DataSource("mnist"),), (Bucket((5,)), Bucket((6, 5), image_size=14))
  ).save(tmp_path / "tasks.json")
  tasks = tasks_of(
    tasks=tmp_path / "tasks.json",
    activation="tanh",
    image_size=9,
    classes_per_task=6,
    batch_size=11,
    examples_per_class=8,
    objective_draws=4,
    permute_inputs=False,
    max_shift=1.5,
    max_rotation=20.0,
    noise_stddev=0.25,
    input_dropout=0.125,
    regress_augmentation=True,
  )
  episodes = EpisodeConfig(6, 11, 8, 8, 4, False)
  assert tasks.buckets == tuple(
    Bucket(units, "tanh", 9, episodes=episodes) for units in ((5,), (6, 5))
  )
  augmentation = tasks.augmentation
  assert (augmentation.max_shift, augmentation.max_rotation) == (1.5, 20.0)
  assert augmentation.noise_stddev == 0.25
  assert augmentation.input_dropout == 0.125
  assert tasks.regress_augmentation


def test_buckets_that_become_equal_are_one():
  tasks = tasks_of(tasks="compact", units="8,4", image_size=8, activation="elu")
  (bucket,) = tasks.buckets
  assert (bucket.units, bucket.image_size) == ((8, 4), 8)


def test_texts_and_vectors_have_no_image_size(tmp_path):
  path = tmp_path / "texts.jsonl"
  assert tasks_of(tasks=f"jsonl:{path}").buckets[0].image_size is None
  assert tasks_of(tasks="lurl_two_moons").buckets[0].image_size is None
  assert tasks_of(tasks="lurl_digits").buckets[0].image_size == 8
  # What is asked for is kept, and will be refused by name.
  asked = tasks_of(tasks="lurl_two_moons", image_size=8)
  assert asked.buckets[0].image_size == 8
