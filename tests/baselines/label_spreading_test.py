# SPDX-License-Identifier: Apache-2.0
"""Tests of label spreading."""

import numpy as np
import pytest

from lurl_tf.baselines import LabelSpreading
from tests.baselines.clusters import CLASSES, make_clusters


def test_one_label_of_a_cluster_is_enough():
  support, labels = make_clusters(CLASSES, seed=1)
  query, expected = make_clusters(200, seed=2)
  classify = LabelSpreading(neighbors=20).fit_labelled(support, labels, CLASSES)
  assert np.mean(classify(query) == expected) > 0.95


def test_against_the_closed_form():
  """F = (1 - alpha)(I - alpha S)^-1 Y (Zhou et al. 2004, equation 4)."""
  inputs, labels = make_clusters(24, spread=0.4)
  distances = np.linalg.norm(inputs[:, None] - inputs, axis=-1)
  near = np.argsort(distances, axis=1)[:, :6]  # itself among them
  graph = np.zeros([24, 24])
  np.put_along_axis(graph, near, 1, axis=1)
  np.fill_diagonal(graph, 0)
  degrees = graph.sum(axis=0) + (graph.sum(axis=0) == 0)
  matrix = graph / np.sqrt(degrees[:, None] * degrees)
  known = np.zeros([24, CLASSES])
  known[np.arange(8), labels[:8]] = 1
  spread = np.linalg.solve(np.eye(24) - 0.5 * matrix, known)
  classify = LabelSpreading(6, share=0.5).fit_labelled(
    inputs[:8], labels[:8], CLASSES
  )
  agree = classify(inputs[8:]) == np.argmax(spread[8:], axis=1)
  assert np.mean(agree) > 0.9  # degrees are counted in another way


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: share=1"):
    LabelSpreading(share=1)
