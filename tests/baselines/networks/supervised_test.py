# SPDX-License-Identifier: Apache-2.0
"""Tests of training on the few labels."""

import numpy as np
import pytest

from lurl_tf.baselines import SupervisedFewLabels
from tests.baselines.clusters import CLASSES, make_clusters

BASELINE = SupervisedFewLabels(units=(8,), steps=60)


def noisy_problem():
  """Few examples whose labels are partly wrong: fitting them all is bad."""
  inputs, labels = make_clusters(40, seed=1, spread=0.5)
  labels = labels.copy()
  labels[::5] = np.roll(labels[::5], 1)
  return inputs, labels


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("per_class", [1, 5])
def test_clusters_are_told_apart(batch_norm, per_class):
  support, labels = make_clusters(CLASSES * per_class, seed=1, spread=0.05)
  query, expected = make_clusters(200, seed=2, spread=0.05)
  baseline = SupervisedFewLabels((16,), "relu", batch_norm, steps=400)
  classify = baseline.fit_labelled(support, labels, CLASSES)
  assert np.mean(classify(query) == expected) > 0.9


def test_a_prediction_does_not_depend_on_its_neighbours():
  support, labels = make_clusters(20, seed=1)
  query, _ = make_clusters(30, seed=2, spread=0.5)
  baseline = SupervisedFewLabels((8,), batch_norm=True, steps=60)
  classify = baseline.fit_labelled(support, labels, CLASSES)
  np.testing.assert_array_equal(classify(query)[:4], classify(query[:4]))


def test_the_lowest_log_loss_of_cross_validation_is_chosen(monkeypatch):
  inputs, labels = make_clusters(20)
  losses = np.full([6, 5, 3], 2.0, np.float32)  # checks, folds, penalties
  losses[4, :, 1] = 1.0
  losses[2, 0, 2] = 0.0  # one fold alone
  seen = []

  class Losses:
    def numpy(self):
      return losses.reshape(6, 15)

  def train(self, inputs, labels, num_classes, mask, decays, checks, seed):
    seen.append((np.asarray(mask), np.asarray(decays)))
    return None, Losses()

  monkeypatch.setattr(SupervisedFewLabels, "_train", train)
  assert BASELINE._choose(inputs, labels, CLASSES, 0) == (1e-3, 5)
  ((mask, decays),) = seen
  np.testing.assert_array_equal(decays, np.tile(BASELINE.weight_decays, 5))
  # Every example is left out once, with each of the three penalties.
  np.testing.assert_array_equal((1 - mask).sum(axis=0), np.full(20, 3))
  np.testing.assert_array_equal(mask[0], mask[2])


def test_stopping_early_helps_where_labels_are_wrong():
  inputs, labels = noisy_problem()
  baseline = SupervisedFewLabels((32,), steps=400, learning_rate=0.03)
  decay, checks = baseline._choose(inputs, labels, CLASSES, 0)
  assert checks < 40 or decay > 0


def test_one_example_of_a_class_leaves_nothing_to_validate_on():
  inputs, labels = make_clusters(CLASSES)
  assert BASELINE._choose(inputs, labels, CLASSES, 0) == (1e-2, 6)


def test_seeds():
  inputs, labels = noisy_problem()
  query, _ = make_clusters(300, seed=2, spread=0.5)
  first, again, other = (
    BASELINE.fit_labelled(inputs, labels, CLASSES, seed)(query)
    for seed in (0, 0, 1)
  )
  np.testing.assert_array_equal(first, again)
  assert np.any(first != other)


@pytest.mark.parametrize(
  "options",
  [{"steps": 5}, {"folds": 1}, {"weight_decays": ()}, {"units": (0,)}],
)
def test_bad_options_are_told(options):
  (name,) = options
  with pytest.raises(ValueError, match=f"Received: {name}="):
    SupervisedFewLabels(**options)
