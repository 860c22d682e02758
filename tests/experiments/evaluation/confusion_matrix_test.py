# SPDX-License-Identifier: Apache-2.0
"""Tests of the confusion matrix of a few-shot read-out."""

import numpy as np

from experiments.evaluation.confusion_matrix import (
  confusion_picture,
  few_shot_confusion,
)
from lurl_tf.readouts import ridge_loo
from tests import tiny_meta


def draw_examples(separation=0.5):
  support, query = (
    tiny_meta.make_examples(per_class, separation) for per_class in (5, 30)
  )
  # The fourth class is never asked for.
  rows = query.labels < 3
  return support, query._replace(
    inputs=query.inputs[rows], labels=query.labels[rows]
  )


def test_counts_are_those_of_the_read_out():
  support, query = draw_examples()
  batches = []

  def features_of(inputs):
    batches.append(len(inputs))
    return inputs[:, ::-1]

  matrix = few_shot_confusion(support, query, features_of)
  assert batches == [len(support.labels) + len(query.labels)]
  np.testing.assert_array_equal(matrix.sum(axis=1), [30, 30, 30, 0])
  accuracy = ridge_loo(
    support.inputs, support.labels, query.inputs, query.labels, 4
  )
  assert 0.3 < accuracy < 0.95
  np.testing.assert_allclose(np.trace(matrix) / 90, accuracy)


def test_rows_are_classes_and_columns_what_they_are_taken_for():
  """Inputs of class 2 look like those of class 0."""
  support, query = draw_examples(separation=20.0)
  inputs = query.inputs.copy()
  inputs[query.labels == 2] = inputs[query.labels == 0]
  matrix = few_shot_confusion(
    support, query._replace(inputs=inputs), lambda inputs: inputs
  )
  expected = np.zeros([4, 4])
  expected[[0, 1, 2], [0, 1, 0]] = 30
  np.testing.assert_array_equal(matrix, expected)


def test_features_that_are_not_finite_count_as_constant():
  support, query = draw_examples()
  matrix = few_shot_confusion(
    support, query, lambda inputs: np.full_like(inputs, np.nan)
  )
  assert (matrix > 0).any(axis=0).sum() == 1


def test_cells_are_as_dark_as_their_share():
  names = ("ant", "bee", "cow")
  light, dark = (
    confusion_picture(np.array(matrix), names).astype(int)
    for matrix in (
      [[5, 0, 5], [0, 10, 0], [0, 0, 0]],
      [[10, 0, 0], [0, 10, 0], [0, 0, 0]],
    )
  )
  assert light.shape == dark.shape
  assert light.dtype == int and light.shape[-1] == 3
  assert dark.mean() < light.mean()
  # Alike where nothing changed: of the second and third row of cells.
  height = len(light)
  middle = slice(int(0.45 * height), int(0.8 * height))
  np.testing.assert_array_equal(light[middle], dark[middle])


def test_names_of_many_classes_have_room():
  few, many = (
    confusion_picture(np.eye(classes, dtype=int), ["class"] * classes)
    for classes in (10, 52)
  )
  assert len(many) - len(few) >= 15 * (52 - 10)
