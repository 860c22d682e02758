# SPDX-License-Identifier: Apache-2.0
"""Tests of loading a distribution: data sets, weights, classes, no leaks."""

import collections

import numpy as np
import pytest

from lurl_tf.tasks.distributions.bucket import Bucket
from lurl_tf.tasks.distributions.class_split import split_classes
from lurl_tf.tasks.distributions.data_source import DataSource
from lurl_tf.tasks.distributions.loading import load_samplers
from lurl_tf.tasks.distributions.task_distribution import TaskDistribution
from lurl_tf.tasks.episodes import EpisodeConfig

CLASSES, PER_CLASS = 30, 8
EPISODES = EpisodeConfig(
  classes_per_task=5, batch_size=4, support_per_class=3, query_per_class=4
)


@pytest.fixture(scope="module", name="files")
def fixture_files(tmp_path_factory):
  """Two files of images, of which every one tells its row and file."""
  folder = tmp_path_factory.mktemp("files")
  rows = np.arange(CLASSES * PER_CLASS)
  for number in range(2):
    images = np.zeros((len(rows), 2, 2), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = rows // 16, rows % 16
    images[:, 1, 0] = number
    labels = rows % CLASSES
    np.savez(
      folder / f"{number}.npz",
      x_train=images,
      y_train=labels,
      x_test=images,
      y_test=labels,
      class_names=[f"class {label}" for label in range(CLASSES)],
    )
  return [f"npz:{folder / f'{number}.npz'}" for number in range(2)]


def make_tasks(*sources, **fields):
  bucket = Bucket((4,), image_size=None, episodes=EPISODES)
  return TaskDistribution(sources, **{"buckets": (bucket,), **fields})


def rows_of(inputs):
  """The rows of the file that the examples come from."""
  values = np.rint(255 * np.asarray(inputs)).astype(int)
  return (16 * values[..., 0] + values[..., 1]).reshape(-1)


def test_no_held_out_class_and_no_shared_example_in_1000_tasks(files):
  tasks = make_tasks(
    DataSource(files[0], classes="meta_train"),
    DataSource(files[0], use="meta_validation", classes="held_out"),
  )
  names = [f"class {label}" for label in range(CLASSES)]
  held_out = set(split_classes(names, 0.2, "held_out"))
  seen = collections.defaultdict(set)
  for use in ("meta_train", "meta_validation"):
    (sampler,) = load_samplers(tasks, use)
    assert sampler.use == use
    for number in range(1000):
      task = sampler.task(number)
      batches = rows_of(sampler.batches(task, 2, number))
      episode = sampler.episodes(task, 1, number)
      support = rows_of(episode.support_inputs)
      query = rows_of(episode.query_inputs)
      # Support and query are balanced and share nothing.
      assert not set(support) & set(query)
      assert len(set(support)) == 5 * 3
      assert len(set(query)) == 5 * 4
      for rows, count in ((support, 3), (query, 4)):
        counts = collections.Counter(rows % CLASSES)
        assert counts == {label: count for label in task.classes}
      # The unlabelled stream shares the classes of the episode.
      assert set(batches % CLASSES) <= set(task.classes)
      seen[use] |= set(np.concatenate([batches, support, query]) % CLASSES)
  assert seen["meta_validation"] == held_out
  assert seen["meta_train"] == set(range(CLASSES)) - held_out


def test_tasks_come_by_weight(files):
  tasks = make_tasks(DataSource(files[0], 3.0), DataSource(files[1], 1.0))
  (sampler,) = load_samplers(tasks)
  drawn = [sampler.task(number) for number in range(1000)]
  share = np.mean([task.data_set == 0 for task in drawn])
  # Within four standard errors.
  assert abs(share - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 1000)
  for task in drawn[:20]:
    values = np.rint(255 * sampler.batches(task, 2, 0)).astype(int)
    assert set(values[..., 2].reshape(-1)) == {task.data_set}


def test_a_synthetic_family_is_a_data_set_per_seed():
  tasks = TaskDistribution(
    (DataSource("synthetic:clusters", 2.0, split="3:5"),)
  )
  (sampler,) = load_samplers(tasks)
  one, other = sampler.data_sets
  assert one.name == other.name == "synthetic:clusters[3:5]"
  assert one.weight == other.weight == 1.0
  assert np.any(one.examples.inputs != other.examples.inputs)


def test_buckets_of_one_form_share_memory(files):
  buckets = tuple(
    Bucket(units, image_size=size, episodes=EPISODES)
    for units, size in (((4,), 2), ((5, 4), 2), ((4,), 1))
  )
  samplers = load_samplers(make_tasks(DataSource(files[0]), buckets=buckets))
  first, second, third = (each.data_sets[0].examples for each in samplers)
  assert first.inputs is second.inputs
  assert third.image_shape == (1, 1, 1)


def test_draws_are_a_function_of_the_seed(files):
  tasks = make_tasks(DataSource(files[0]))
  one, same, other = (
    load_samplers(tasks, seed=seed)[0].task(0).classes for seed in (1, 1, 2)
  )
  np.testing.assert_array_equal(one, same)
  assert np.any(one != other)


def test_bad_distributions_are_explained(files, tmp_path):
  with pytest.raises(ValueError, match="sources of use 'test'"):
    load_samplers(make_tasks(DataSource(files[0])), "test")
  with pytest.raises(ValueError, match="Near names: lurl_digits"):
    load_samplers(make_tasks(DataSource("lurl_digit")))
  mixed = make_tasks(DataSource(files[0]), DataSource("lurl_digits"))
  with pytest.raises(ValueError, match=r"one shape.*\(2, 2, 1\).*\(8, 8, 1\)"):
    load_samplers(mixed)
  few = make_tasks(DataSource(files[0], classes="held_out"), held_out_share=0.1)
  with pytest.raises(ValueError, match=r"npz\[train\] \(held_out\) has 3"):
    load_samplers(few)
