# SPDX-License-Identifier: Apache-2.0
"""Tests of the few-shot accuracy against scikit-learn."""

import numpy as np
import pytest
import sklearn.linear_model

from lurl_tf.models.few_shot import class_numbers, few_shot_accuracy


def draw_features(rows=200, noise=1.5):
  generator = np.random.default_rng(0)
  labels = generator.integers(0, 4, rows)
  centers = generator.normal(size=(4, 6))
  return centers[labels] + noise * generator.normal(size=(rows, 6)), labels


def test_close_to_ridge_of_scikit_learn():
  features, labels = draw_features()
  accuracy = few_shot_accuracy(features, labels, 10, label_draws=40)
  scores = []
  for seed in range(40):
    order = np.random.default_rng(seed).permutation(200)
    support = np.concatenate(
      [order[labels[order] == label][:10] for label in range(4)]
    )
    query = np.setdiff1d(order, support)
    ridge = sklearn.linear_model.RidgeClassifierCV(np.logspace(-3, 3, 13))
    ridge.fit(features[support], labels[support])
    scores.append(ridge.score(features[query], labels[query]))
  assert 0.5 < accuracy < 0.95
  assert abs(accuracy - np.mean(scores)) < 0.03


def test_classes_may_have_any_names():
  features, labels = draw_features()
  expected = few_shot_accuracy(features, labels)
  names = np.array(["ant", "bee", "cow", "dog"])[labels]
  assert few_shot_accuracy(features, names) == expected
  assert few_shot_accuracy(features, 10 * labels - 7) == expected


def test_small_classes_give_half_of_their_examples():
  labels = np.array([0, 0, 0, 1, 1])
  assert few_shot_accuracy(np.eye(2)[labels], labels) == 1.0


@pytest.mark.parametrize(
  ("features", "labels", "message"),
  [
    (np.zeros([4, 2]), np.zeros(4), "two classes or more"),
    (np.zeros([4, 2]), np.array([0, 0, 0, 1]), "smallest of 1 examples"),
    (np.zeros([4, 2]), np.zeros(3), r"shapes \(4, 2\) and \(3,\)"),
    (np.zeros(4), np.zeros(4), "Expected features"),
    (np.zeros([0, 2]), np.zeros(0), "0 classes"),
  ],
)
def test_too_few_examples(features, labels, message):
  with pytest.raises(ValueError, match=message):
    few_shot_accuracy(features, labels)


@pytest.mark.parametrize(
  ("batches", "expected"),
  [
    ([[0, 1], [2]], [0, 1, 2]),
    ([[[0], [2]], [[1]]], [0, 2, 1]),
    ([[[0, 1], [1, 0]]], [1, 0]),
    ([[0.0, 3.0]], [0, 3]),
    ([["a", "b"]], ["a", "b"]),
    ([[0.5, 1.0]], None),
    ([[[0.2, 0.8], [1.0, 0.0]]], None),
    ([], None),
  ],
)
def test_class_numbers(batches, expected):
  numbers = class_numbers([np.asarray(batch) for batch in batches])
  if expected is None:
    assert numbers is None
  else:
    np.testing.assert_array_equal(numbers, expected)
