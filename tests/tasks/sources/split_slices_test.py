# SPDX-License-Identifier: Apache-2.0
"""Tests of names of splits and slices."""

import pytest

from lurl_tf.tasks.sources.split_slices import split_slices, splits_of_sizes

SPLITS = splits_of_sizes({"train": 50, "test": 10})


@pytest.mark.parametrize(
  ("split", "expected"),
  [
    ("train", [("train", 0, 50)]),
    ("test[2:5]", [("test", 2, 5)]),
    ("train[:10%]", [("train", 0, 5)]),
    ("train[-3:]", [("train", 47, 50)]),
    ("train[40:]+test", [("train", 40, 50), ("test", 0, 10)]),
  ],
)
def test_slices(split, expected):
  found = split_slices(split, SPLITS, "my_set")
  assert [(name, part.start, part.stop) for name, part in found] == expected


@pytest.mark.parametrize(
  "split", ["valid", "train[:x]", "", "train[3]", "all[:3]", "test[:11]"]
)
def test_what_does_not_exist_lists_the_splits(split):
  with pytest.raises(ValueError, match="one of test, train, .* of my_set"):
    split_slices(split, SPLITS, "my_set")


@pytest.mark.parametrize("split", ["train[:0]", "train[8:2]"])
def test_an_empty_slice_raises(split):
  with pytest.raises(ValueError, match="must hold examples"):
    split_slices(split, SPLITS, "my_set")
