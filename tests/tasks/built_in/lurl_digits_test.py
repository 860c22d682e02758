# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_digits` against scikit-learn's arrays."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from sklearn.datasets import load_digits

import lurl_tf.tasks  # noqa: F401, registers the builder


@pytest.fixture(name="splits", scope="module")
def fixture_splits(tmp_path_factory):
  folder = tmp_path_factory.mktemp("tfds")
  return tfds.load("lurl_digits", data_dir=folder, batch_size=-1)


def test_splits_are_stratified(splits):
  assert splits["train"]["image"].shape == (1297, 8, 8, 1)
  assert splits["test"]["image"].shape == (500, 8, 8, 1)
  test_counts = np.bincount(splits["test"]["label"])
  np.testing.assert_array_equal(test_counts, np.full(10, 50))
  train_counts = np.bincount(splits["train"]["label"])
  expected = np.bincount(load_digits().target) - 50
  np.testing.assert_array_equal(train_counts, expected)


def test_images_and_labels_are_those_of_scikit_learn(splits):
  digits = load_digits()
  # Round half up, written otherwise than in the builder.
  images = np.floor(digits.images * 255 / 16 + 0.5)
  expected = np.column_stack([images.reshape(-1, 64), digits.target])
  rows = [
    np.column_stack([part["image"].numpy().reshape(-1, 64), part["label"]])
    for part in splits.values()
  ]
  # TFDS shuffles while writing, so that rows are compared as a set.
  found = np.concatenate(rows)
  np.testing.assert_array_equal(_sorted_rows(found), _sorted_rows(expected))
  assert found.max() == 255


def test_preparing_again_gives_the_same(splits, tmp_path):
  again = tfds.load("lurl_digits", data_dir=tmp_path, batch_size=-1)
  for name in ("train", "test"):
    for field in ("image", "label"):
      np.testing.assert_array_equal(again[name][field], splits[name][field])


def _sorted_rows(rows):
  return rows[np.lexsort(rows.T)]
