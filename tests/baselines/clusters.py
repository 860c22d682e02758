# SPDX-License-Identifier: Apache-2.0
"""Small data with known classes, for the tests of baselines."""

import numpy as np

from lurl_tf.readouts import ridge_loo
from lurl_tf.structures import LabelledExamples

CLASSES, INPUTS = 4, 12


def make_clusters(rows=120, seed=0, spread=0.1, inputs=INPUTS):
  """Rows in [0, 1] about a center per class, and their classes."""
  centers = np.random.default_rng(99).uniform(0.2, 0.8, [CLASSES, inputs])
  rng = np.random.default_rng(seed)
  labels = np.arange(rows) % CLASSES
  noise = spread * rng.normal(size=[rows, inputs])
  return np.clip(centers[labels] + noise, 0, 1).astype(np.float32), labels


def make_examples(rows=120, seed=0, **options):
  """The same as a split of a data set of small images."""
  inputs, labels = make_clusters(rows, seed, **options)
  names = tuple("abcd")
  return LabelledExamples(inputs, labels.astype(np.int32), names, (3, 4, 1))


def accuracy_of(features):
  """Of a ridge read-out of 5 examples per class."""
  support, support_labels = make_clusters(5 * CLASSES, seed=1)
  query, query_labels = make_clusters(200, seed=2)
  return ridge_loo(
    features(support), support_labels, features(query), query_labels, CLASSES
  )


def check_seeds(baseline, inputs):
  """Same seed, same features; another seed, others."""
  first, again, other = (
    baseline.fit(inputs, seed)(inputs[:7]) for seed in (3, 3, 4)
  )
  np.testing.assert_array_equal(first, again)
  assert np.any(first != other)
