# SPDX-License-Identifier: Apache-2.0
"""Tests of what baselines are compared on, and of the tasks they learn from."""

import numpy as np

from experiments.comparison.data import load_tasks, subset
from tests.baselines.clusters import make_examples


def test_a_subset_is_drawn_at_random():
  examples = make_examples(80)
  part = subset(examples, 20, seed=0)
  rows = [
    int(np.flatnonzero((examples.inputs == row).all(axis=1))[0])
    for row in part.inputs
  ]
  assert rows == sorted(set(rows)) and rows != list(range(20))
  np.testing.assert_array_equal(part.labels, examples.labels[rows])
  again = subset(examples, 20, seed=0)
  np.testing.assert_array_equal(part.inputs, again.inputs)


def test_tasks_have_the_size_of_the_data_set():
  tasks = load_tasks("quick", (9, 9, 1), (6, 4), None, seed=0)
  assert tasks.meta_train.input_size == 81
  assert tasks.meta_validation.use == "meta_validation"
