# SPDX-License-Identifier: Apache-2.0
"""Tests that a step's metrics are told apart by bucket and data set."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.estimators import Estimate
from lurl_tf.meta.metrics import (
  DataSetSums,
  PartMetrics,
  StepMetrics,
  UnrollMetrics,
  mean_by,
  means_by_part,
  pack,
  read_step,
  unpack,
)
from lurl_tf.tasks.episodes import WeightedDataSet
from tests import tiny_meta

UNITS, SLOTS = ((6,), (7, 6)), 4
NAMES = ("clusters", "letters", "clusters")


def make_trainer(**fields):
  """Of three data sets, two of them of one family."""
  data_sets = [
    WeightedDataSet(name, tiny_meta.make_examples(seed=seed))
    for seed, name in enumerate(NAMES)
  ]
  config = tiny_meta.make_config(
    tasks=tiny_meta.make_tasks(*UNITS),
    slots=SLOTS,
    unroll={"max_steps": 2},
    min_truncation=1,
    **fields,
  )
  return tiny_meta.make_trainer(config, data_sets)


def keep_slot_metrics(group, lost=()):
  """Metrics `[t, m]` of each truncation; the loss of some slots is spoilt."""
  programs, kept = group._programs, []

  def keep(*args):
    estimate = programs(*args)
    loss = estimate.metrics.loss.numpy()
    loss[list(lost)] = np.nan
    metrics = estimate.metrics._replace(loss=tf.constant(loss))
    kept.append(np.stack(metrics, axis=1))
    return estimate._replace(metrics=metrics)

  group._programs = keep
  return kept


def test_parts_are_the_means_of_their_slots():
  with tiny_meta.eagerly():
    trainer = make_trainer()
    kept = [
      keep_slot_metrics(group, lost)
      for group, lost in zip(trainer.groups, ([1], []))
    ]
    parts = []
    metrics = trainer.train(2, lambda *_: parts.extend(trainer.parts))
  members = collections.defaultdict(list)
  for index, (group, ((*rows,),)) in enumerate(zip(trainer.groups, kept)):
    for slot, row in enumerate(rows):
      # All slots are in their first generation; buckets count on.
      task = group._sampler.task(index * SLOTS + slot, 1)
      if np.isfinite(row).all():
        members[group.name, NAMES[task.data_set]].append(row)
  assert sum(map(len, members.values())) == 2 * SLOTS - 1
  assert len(members) > 2
  assert {(part.bucket, part.data_set) for part in parts} == set(members)
  for part in parts:
    rows = members[part.bucket, part.data_set]
    assert part.slots == len(rows)
    np.testing.assert_allclose(part.metrics, np.mean(rows, axis=0), rtol=1e-5)
  # Each bucket has one of the two steps.
  by_bucket = mean_by(parts, lambda part: part.bucket)
  np.testing.assert_allclose(
    metrics[:5], np.mean(list(by_bucket.values()), axis=0), rtol=1e-5
  )


def test_a_number_of_one_part_stays_out_of_the_others():
  """A slot counts if its loss is finite, whatever its other numbers are."""
  with tiny_meta.eagerly():
    (group, _) = make_trainer().groups
    slots, gradients = group.new_slots(), tf.ones([SLOTS, 1])
    metrics = np.arange(SLOTS * 5, dtype=np.float32).reshape(5, SLOTS)
    metrics[2, 1] = np.nan
    estimate = Estimate(
      gradients, slots.state, UnrollMetrics(*map(tf.constant, metrics))
    )
    advance = group._average(estimate, slots.lost, tf.constant([0, 1, 0, 1]))
  expected = [
    [*metrics[:, data_set::2].sum(axis=1), SLOTS / 2] for data_set in (0, 1)
  ]
  assert np.isnan(expected).sum() == 1
  sums = advance.by_data_set
  np.testing.assert_array_equal(
    np.stack([*sums.metrics, sums.slots], axis=1), expected
  )


def test_buckets_that_have_no_turn_have_no_part():
  with tiny_meta.eagerly():
    trainer = make_trainer()
    seen = []
    trainer.train(2, lambda *_: seen.append(trainer.parts))
  for parts, group in zip(seen, trainer.groups):
    assert {part.bucket for part in parts} == {group.name}
    assert sum(part.slots for part in parts) == SLOTS


def test_steps_of_one_call_have_parts_of_their_own():
  def parts_of(steps_per_call):
    config = tiny_meta.make_config(
      units=(6,), unroll={"max_steps": 1}, min_truncation=1, slots=1
    )
    with tiny_meta.eagerly():
      trainer = tiny_meta.make_trainer(config, steps_per_call=steps_per_call)
      seen = []
      trainer.train(2, lambda *_: seen.append(trainer.parts))
    return seen

  first, second = parts_of(2)
  assert first != second
  assert [first, second] == parts_of(1)


def make_part(bucket, data_set, slots, number):
  return PartMetrics(bucket, data_set, slots, UnrollMetrics(*[number] * 5))


def test_means_count_every_slot_alike():
  parts = [
    make_part("a", "x", 1, 1.0),
    make_part("b", "x", 3, 2.0),
    make_part("a", "y", 1, 5.0),
  ]
  by_data_set = mean_by(parts, lambda part: part.data_set)
  assert {name: value.loss for name, value in by_data_set.items()} == {
    "x": 1.75,
    "y": 5.0,
  }
  by_bucket = mean_by(parts, lambda part: part.bucket)
  assert by_bucket["a"].accuracy == 3.0
  assert mean_by([], lambda part: part.bucket) == {}


def make_sums(first, data_sets):
  """Sums that are all different, counted up from a number."""
  rows = first + np.arange(6.0 * data_sets).reshape(6, data_sets)
  return DataSetSums(UnrollMetrics(*rows[:5]), rows[5])


def test_packed_numbers_are_found_by_name():
  step = StepMetrics(
    unroll=UnrollMetrics(0.1, 0.2, 0.3, 0.4, 0.5),
    gradient_norm=0.6,
    skipped=2,
    learning_rate=0.7,
    rollbacks=3,
    stop=1,
    by_data_set=make_sums(1.0, 2),
  )
  step = tf.nest.map_structure(np.float64, step)
  vector = pack(step, tf.float64)
  tiny_meta.assert_all_equal(unpack(vector, like=step), step)
  names = [("a", "x"), ("a", "y")]
  record = read_step(vector.numpy(), names, waiting=0.9)
  assert record.metrics._asdict() == {
    **step.unroll._asdict(),
    "gradient_norm": 0.6,
    "skipped": 2,
    "learning_rate": 0.7,
    "rollbacks": 3,
    "waiting": 0.9,
  }
  assert record.stop
  assert record.parts == means_by_part(step.by_data_set, names)
  assert [part.slots for part in record.parts] == [11, 12]
  assert record.parts[1].metrics.accuracy == 8 / 12


def test_numbers_must_be_as_many_as_names():
  names = [("a", "x"), ("a", "y")]
  with pytest.raises(ValueError, match="must have 22 numbers.*(21,)"):
    read_step(np.ones(21), names, waiting=0.0)
  with pytest.raises(ValueError, match="shorter"):
    means_by_part(make_sums(1.0, 1), names)
