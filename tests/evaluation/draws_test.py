# SPDX-License-Identifier: Apache-2.0
"""Tests of permutations, label draws and unlabelled batches."""

import numpy as np
import pytest

from lurl_tf.evaluation import draws
from lurl_tf.structures import LabelledExamples


def make_examples(counts=(9, 8, 8), input_size=5):
  labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
  # Every input value identifies its row and its column.
  inputs = np.arange(len(labels) * input_size).reshape(len(labels), input_size)
  names = tuple("abcdefg"[: len(counts)])
  return LabelledExamples(inputs.astype(np.uint8), labels, names, (input_size,))


def test_permutations_are_permutations_and_differ():
  permutations = draws.draw_permutations(20, count=3, seed=0)
  for permutation in permutations:
    assert sorted(permutation) == list(range(20))
  assert len({tuple(permutation) for permutation in permutations}) == 3


def test_first_permutations_do_not_depend_on_their_number():
  few = draws.draw_permutations(20, count=2, seed=0)
  many = draws.draw_permutations(20, count=5, seed=0)
  np.testing.assert_array_equal(few, many[:2])


def test_label_draws_are_balanced_and_share_no_example():
  train = make_examples()
  rows = draws.draw_support(train, per_class=2, label_draws=4, seed=0)
  assert rows.shape == (4, 6)
  for draw in rows:
    assert np.bincount(train.labels[draw]).tolist() == [2, 2, 2]
  assert len(set(rows.ravel())) == rows.size


def test_seed_decides_label_draws():
  train = make_examples()
  first = draws.draw_support(train, 2, 4, seed=0)
  np.testing.assert_array_equal(first, draws.draw_support(train, 2, 4, seed=0))
  assert np.any(first != draws.draw_support(train, 2, 4, seed=1))


def test_too_few_examples_name_the_class_and_the_numbers():
  train = make_examples(counts=(9, 7, 8))
  message = (
    "4 draws of 2 need 8 examples of every class. "
    "Received: class 'b' with 7 examples"
  )
  with pytest.raises(ValueError, match=message):
    draws.draw_support(train, per_class=2, label_draws=4, seed=0)


def make_batches(seed=0, batch_size=4):
  train = make_examples()
  permutations = draws.draw_permutations(5, count=2, seed=seed)
  batches = draws.UnlabelledBatches(
    train.inputs, permutations, batch_size, seed
  )
  return train, permutations, batches


def test_epoch_goes_through_the_examples_once():
  _, _, batches = make_batches()
  # 25 examples make 6 batches of 4; the one left over is dropped.
  epochs = batches.rows(task=0, first_step=0, num_steps=12).reshape(2, 24)
  for epoch in epochs:
    assert len(set(epoch)) == 24
  assert np.any(epochs[0] != epochs[1])


def test_initial_weights_have_their_own_order():
  _, _, batches = make_batches()
  assert np.any(batches.rows(0, 0, 6) != batches.rows(1, 0, 6))


def test_steps_do_not_depend_on_how_they_are_asked_for():
  _, _, batches = make_batches()
  at_once = batches.stack(0, 9)
  pieces = [batches.stack(0, 4), batches.stack(4, 1), batches.stack(5, 4)]
  np.testing.assert_array_equal(at_once, np.concatenate(pieces))


def test_stack_is_permuted_and_scaled():
  train, permutations, batches = make_batches()
  stack = batches.stack(3, 2)
  assert stack.shape == (2, 2, 4, 5)
  assert stack.dtype == np.float32
  row = batches.rows(1, 4, 1)[0, 2]
  expected = [train.inputs[row, column] / 255 for column in permutations[1]]
  np.testing.assert_allclose(stack[1, 1, 2], expected, rtol=1e-6)
