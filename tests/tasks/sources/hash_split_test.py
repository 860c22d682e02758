# SPDX-License-Identifier: Apache-2.0
"""Tests of holding out the same examples every time."""

import hashlib

import numpy as np
import pytest

from lurl_tf.tasks.sources.hash_split import hash_order, hash_split

KEYS = [f"image {number}.png" for number in range(100)]
LABELS = np.array([0] * 60 + [1] * 38 + [2] * 2)
NAMES = ("a", "b", "c")


def test_a_fifth_of_every_class_is_held_out():
  rows = hash_split(LABELS, NAMES, KEYS)
  assert sorted([*rows["train"], *rows["test"]]) == list(range(100))
  assert np.bincount(LABELS[rows["test"]]).tolist() == [12, 8, 1]
  assert np.bincount(LABELS[rows["train"]]).tolist() == [48, 30, 1]


def test_the_smallest_hashes_are_held_out():
  digests = [hashlib.sha256(key.encode()).hexdigest() for key in KEYS]
  assert sorted(digests) == [digests[row] for row in hash_order(KEYS)]
  rows = hash_split(LABELS, NAMES, KEYS)
  for label in range(3):
    in_train = [digests[row] for row in rows["train"] if LABELS[row] == label]
    in_test = [digests[row] for row in rows["test"] if LABELS[row] == label]
    assert max(in_test) < min(in_train)
  for name in rows:
    ordered = [digests[row] for row in rows[name]]
    assert ordered == sorted(ordered)


def test_the_order_of_the_examples_does_not_matter():
  order = np.random.default_rng(0).permutation(100)
  rows = hash_split(LABELS, NAMES, KEYS)
  again = hash_split(LABELS[order], NAMES, [KEYS[row] for row in order])
  for name in ("train", "test"):
    np.testing.assert_array_equal(order[again[name]], rows[name])


def test_the_split_stays_the_same_for_ever():
  # Of `sha256sum`: ca97..., 3e23..., 2e7d..., 18ac..., 3f79..., 252f...
  assert hash_order(list("abcdef")).tolist() == [3, 5, 2, 1, 4, 0]


def test_names_that_are_not_unicode_have_a_hash():
  assert sorted(hash_order(["a", "\udcff"])) == [0, 1]


def test_a_class_of_one_example_is_named():
  with pytest.raises(ValueError, match="class 'b' with 1"):
    hash_split(np.array([0, 0, 1]), ("a", "b"), ["x", "y", "z"])
