# SPDX-License-Identifier: Apache-2.0
"""Tests of tasks and episodes, on inputs that tell where they come from."""

import itertools

import numpy as np
import pytest

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.episodes import (
  EpisodeConfig,
  Task,
  TaskSampler,
  WeightedDataSet,
)

CLASSES, PER_CLASS, INPUTS = 6, 12, 5


def make_examples(per_class=(PER_CLASS,) * CLASSES, dtype=np.float32):
  """Input j of example n is `10 n + j`, and labels are shuffled."""
  labels = np.repeat(np.arange(len(per_class)), per_class).astype(np.int32)
  np.random.default_rng(0).shuffle(labels)
  inputs = 10 * np.arange(len(labels))[:, None] + np.arange(INPUTS)
  names = tuple(f"class_{k}" for k in range(len(per_class)))
  return LabelledExamples(inputs.astype(dtype), labels, names, (1, INPUTS, 1))


def make_sampler(seed=0, **options):
  fields = {
    "classes_per_task": 3,
    "batch_size": 16,
    "support_per_class": 4,
    "query_per_class": 5,
    "draws": 2,
  }
  config = EpisodeConfig(**{**fields, **options})
  return TaskSampler(make_examples(), config, seed)


def example_indices(inputs):
  """Which examples these are; fails unless inputs are in their places."""
  indices, places = np.divmod(np.asarray(inputs), 10)
  np.testing.assert_array_equal(
    places, np.broadcast_to(np.arange(INPUTS), places.shape)
  )
  assert (indices == indices[..., :1]).all()
  return indices[..., 0].astype(int)


def test_a_task_has_distinct_classes_and_a_permutation():
  sampler = make_sampler()
  assert sampler.input_size == INPUTS
  tasks = [sampler.task(slot, 1) for slot in range(40)]
  for task in tasks:
    assert len(set(task.classes)) == 3
    assert sorted(task.permutation) == list(range(INPUTS))
  seen = {label for task in tasks for label in task.classes}
  assert seen == set(range(CLASSES))
  assert len({tuple(task.permutation) for task in tasks}) > 20


def test_inputs_can_stay_in_place():
  sampler = make_sampler(permute_inputs=False)
  for slot in range(5):
    assert sampler.task(slot).permutation.tolist() == list(range(INPUTS))


def test_classes_do_not_depend_on_the_permutation():
  for slot in range(5):
    np.testing.assert_array_equal(
      make_sampler().task(slot).classes,
      make_sampler(permute_inputs=False).task(slot).classes,
    )


def test_batches_are_of_the_tasks_classes_only():
  sampler, labels = make_sampler(batch_size=50), make_examples().labels
  task = sampler.task(0, 0)
  batches = sampler.batches(task, 7, 3)
  assert (batches.shape, batches.dtype) == ((7, 50, INPUTS), np.float32)
  indices = example_indices(batches)
  assert set(labels[indices].ravel()) == set(task.classes)
  # Every example of these classes is drawn sooner or later.
  assert len(set(indices.ravel())) == 3 * PER_CLASS


def test_unlabelled_classes_come_at_random():
  """An order or a balance within the batch would tell the rule labels."""
  sampler, labels = make_sampler(batch_size=9), make_examples().labels
  task = sampler.task(0, 0)
  drawn = labels[example_indices(sampler.batches(task, 60, 3))]
  counts = (drawn[..., None] == task.classes).sum(axis=1)
  assert counts.std() > 1
  shares = (drawn[..., None] == task.classes).mean(axis=0)
  assert np.abs(shares - 1 / 3).max() < 0.25


def test_episodes_are_balanced_disjoint_and_of_the_tasks_classes():
  sampler, labels = make_sampler(), make_examples().labels
  task = sampler.task(1, 1)
  episode = sampler.episodes(task, 6, 0)
  for array in episode[:4]:
    assert array.dtype == np.float32
  assert episode.support_inputs.shape == (6, 2, 12, INPUTS)
  assert episode.support_targets.shape == (6, 2, 12, 3)
  assert episode.query_inputs.shape == (6, 2, 15, INPUTS)
  assert episode.query_targets.shape == (6, 2, 15, 3)
  support = example_indices(episode.support_inputs)
  query = example_indices(episode.query_inputs)
  for place in np.ndindex(6, 2):
    drawn = [*support[place], *query[place]]
    assert len(set(drawn)) == 27
  for indices, targets, size in (
    (support, episode.support_targets, 4),
    (query, episode.query_targets, 5),
  ):
    np.testing.assert_array_equal(np.sort(targets)[..., :-1], 0)
    np.testing.assert_array_equal(targets.sum(axis=-1), 1)
    np.testing.assert_array_equal(targets.sum(axis=-2), size)
    # Column k of the targets is the task's class k.
    np.testing.assert_array_equal(
      task.classes[targets.argmax(axis=-1)], labels[indices]
    )
  # Every draw is another one.
  sets = {frozenset(each) for each in support.reshape(12, -1)}
  assert len(sets) == 12


def test_every_example_may_be_support_and_query():
  sampler = make_sampler(draws=8)
  task = sampler.task(0)
  episode = sampler.episodes(task, 20, 0)
  for inputs in (episode.support_inputs, episode.query_inputs):
    indices = example_indices(inputs)
    counts = np.bincount(indices.ravel())
    shares = counts[counts > 0] / 160
    assert len(shares) == 3 * PER_CLASS
    # Four standard deviations of a share of independent draws.
    expected = inputs.shape[-2] / (3 * PER_CLASS)
    error = np.sqrt(expected * (1 - expected) / 160)
    assert np.abs(shares - expected).max() < 4 * error


def test_a_class_may_be_used_up():
  sampler = make_sampler(support_per_class=5, query_per_class=7)
  task = sampler.task(0)
  episode = sampler.episodes(task, 1)
  drawn = np.concatenate(
    [
      example_indices(part).ravel()
      for part in (episode.support_inputs[:, :1], episode.query_inputs[:, :1])
    ]
  )
  assert len(set(drawn)) == 3 * PER_CLASS


def arrays_of(sampler, *key):
  """All that a key draws: the task, batches and episodes of it."""
  task = sampler.task(*key)
  return [
    *task,
    sampler.batches(task, 3, *key),
    *sampler.episodes(task, 2, *key),
  ]


def test_draws_are_functions_of_seed_and_key():
  sampler = make_sampler(seed=7)
  expected = arrays_of(sampler, 2, 3)
  arrays_of(sampler, 5, 1)  # draws in between do not matter
  for again in (arrays_of(sampler, 2, 3), arrays_of(make_sampler(7), 2, 3)):
    for one, other in zip(again, expected, strict=True):
      np.testing.assert_array_equal(one, other)
  others = [
    arrays_of(make_sampler(seed=7), 2, 4),
    arrays_of(make_sampler(seed=7), 3, 2),
    arrays_of(make_sampler(seed=8), 2, 3),
    expected,
  ]
  for one, other in itertools.combinations(others, 2):
    assert not np.array_equal(one[2], other[2])
    assert not np.array_equal(one[3], other[3])


def test_the_data_set_of_a_key_is_that_of_its_task():
  sampler = TaskSampler(
    [
      WeightedDataSet(str(weight), make_examples(), weight) for weight in (1, 3)
    ],
    EpisodeConfig(3, 16, 4, 5),
  )
  found = [sampler.data_set_of(slot, 1) for slot in range(40)]
  assert found == [sampler.task(slot, 1).data_set for slot in range(40)]
  assert 20 < sum(found) < 40
  assert make_sampler().data_set_of(0, 1) == 0


def test_usable_examples_are_those_of_the_classes_with_new_labels():
  examples = make_examples()
  assert WeightedDataSet("all", examples).usable_examples() is examples
  usable = WeightedDataSet("some", examples, 1.0, (4, 1)).usable_examples()
  assert usable.class_names == ("class_1", "class_4")
  assert usable.labels.dtype == np.int32
  for label, old in enumerate((1, 4)):
    np.testing.assert_array_equal(
      usable.inputs[usable.labels == label],
      examples.inputs[examples.labels == old],
    )
  assert len(usable.labels) == 2 * PER_CLASS


def test_draws_are_these_on_every_machine():
  """Found equal with NumPy 1.26 and 2.4."""
  sampler = make_sampler(seed=3)
  task = sampler.task(1, 2)
  assert task.classes.tolist() == [5, 3, 4]
  assert task.permutation.tolist() == [2, 4, 1, 0, 3]
  batch = example_indices(sampler.batches(task, 1, 4, 5))[0]
  assert batch[:8].tolist() == [44, 5, 65, 44, 42, 44, 17, 28]
  episode = sampler.episodes(task, 1, 4, 5)
  support = example_indices(episode.support_inputs)[0, 1]
  assert support[:8].tolist() == [21, 65, 24, 56, 52, 42, 10, 69]


def test_batches_and_episodes_are_drawn_apart():
  """More steps, or none, must not change which labels are drawn."""
  sampler = make_sampler()
  task = sampler.task(0)
  before = sampler.episodes(task, 1, 4)
  sampler.batches(task, 100, 4)
  for one, other in zip(sampler.episodes(task, 1, 4), before):
    np.testing.assert_array_equal(one, other)


def test_bytes_are_scaled():
  examples = make_examples()
  scaled = LabelledExamples(
    (examples.inputs % 256).astype(np.uint8), *examples[1:]
  )
  config = EpisodeConfig(
    classes_per_task=2, support_per_class=2, query_per_class=2
  )
  sampler = TaskSampler(scaled, config)
  task = Task(0, np.array([0, 1]), np.arange(INPUTS))
  batches = sampler.batches(task, 2, 0)
  episode = sampler.episodes(task, 2, 0)
  rows = {tuple(row) for row in scaled.inputs.tolist()}
  for inputs in (batches, episode.support_inputs, episode.query_inputs):
    assert inputs.dtype == np.float32
    found = np.rint(inputs * 255)
    np.testing.assert_allclose(inputs, found / 255, rtol=1e-6)
    assert {tuple(row) for row in found.reshape(-1, INPUTS).tolist()} <= rows


def test_a_class_with_too_few_examples_is_named():
  examples = make_examples(per_class=(9, 8, 9))
  config = EpisodeConfig(
    classes_per_task=2, support_per_class=4, query_per_class=5
  )
  with pytest.raises(ValueError, match="9 examples .* 'class_1' .* with 8"):
    TaskSampler(examples, config)
  TaskSampler(make_examples(per_class=(9, 9, 9)), config)


def test_a_class_without_examples_is_named():
  examples = make_examples(per_class=(9, 0, 9))
  with pytest.raises(ValueError, match="'class_1' of the data set with 0"):
    TaskSampler(examples, EpisodeConfig(2, 4, 4, 4))


def test_too_few_classes_are_refused():
  config = EpisodeConfig(classes_per_task=CLASSES + 1, support_per_class=2)
  with pytest.raises(ValueError, match="Received: classes_per_task=7"):
    TaskSampler(make_examples(), config)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_refused(bad):
  examples = make_examples()
  examples.inputs[17, 2] = bad
  with pytest.raises(ValueError, match=r"1 of 72 examples.*inputs\[17\]"):
    TaskSampler(examples, EpisodeConfig(2, 4, 4, 4))


@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("classes_per_task", 1),
    ("batch_size", 1),
    ("support_per_class", 0),
    ("query_per_class", 0),
    ("draws", 0),
  ],
)
def test_numbers_that_are_too_small_are_refused(field, value):
  with pytest.raises(ValueError, match=f"Received: {field}={value}"):
    EpisodeConfig(**{field: value})
