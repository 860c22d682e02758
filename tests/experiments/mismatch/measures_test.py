# SPDX-License-Identifier: Apache-2.0
"""Tests that what is measured is what the protocol says, on tiny data."""

import numpy as np
import pytest

from experiments.mismatch.measures import (
  Subject,
  follow_training,
  score_networks,
  score_tasks_baseline,
)
from experiments.mismatch.report import last_layer
from lurl_tf.baselines import (
  Baseline,
  PrototypicalNetworks,
  VariationalAutoencoder,
)
from lurl_tf.baselines.networks import keras_networks
from lurl_tf.baselines.networks.autoencoder import hold_out
from lurl_tf.evaluation import RANDOM_INIT, EvaluationConfig, compare
from lurl_tf.evaluation.comparison import fit_seed
from lurl_tf.evaluation.draws import draw_permutations, draw_support
from lurl_tf.readouts import COMPARED_READOUTS
from lurl_tf.tasks import EpisodeConfig, TaskSampler
from tests.baselines.clusters import CLASSES, INPUTS, make_examples
from tests.tiny_meta import eagerly

CONFIG = EvaluationConfig(
  units=(6, 3),
  examples_per_class=2,
  initial_weights=2,
  label_draws=3,
  seed=4,
  batch_size=8,
)
SUBJECT = Subject(
  make_examples(80, seed=0, spread=0.2),
  make_examples(80, seed=1, spread=0.2),
  CONFIG,
)
SAMPLER = TaskSampler(
  make_examples(seed=2),
  EpisodeConfig(classes_per_task=3, support_per_class=2, query_per_class=4),
)


def silent(*_):
  pass


@pytest.fixture(autouse=True)
def fixture_eager():
  with eagerly():
    yield


def test_the_last_epoch_is_that_of_trainings_one_after_the_other(monkeypatch):
  monkeypatch.setattr(keras_networks, "LEAST_STEPS", 10)
  autoencoder = VariationalAutoencoder((6, 3), epochs=2, learning_rate=0.03)
  reports, losses = [], []
  epochs = list(
    follow_training(
      "vae",
      autoencoder,
      SUBJECT,
      lambda *report: reports.append(report),
    )
  )
  assert [epoch.number for epoch in epochs] == [1, 2]
  assert reports[-1] == ("vae", "epoch", 2, 2)

  class LastEpoch(Baseline):
    def fit(self, unlabelled, seed=0):
      held_out, kept = hold_out(len(unlabelled), seed)
      *_, last = autoencoder.fit_epochs(
        unlabelled[kept], seed, unlabelled[held_out]
      )
      losses.append(last.loss)
      return last.features

  expected = SUBJECT.comparison(silent).baseline("vae", LastEpoch())
  np.testing.assert_array_equal(epochs[-1].losses, losses)
  for readout in COMPARED_READOUTS:
    np.testing.assert_array_equal(
      last_layer(epochs[-1].scores, readout).accuracies,
      last_layer(expected, readout).accuracies,
    )


@pytest.mark.parametrize("permuted_tasks", [False, True])
def test_features_of_tasks_are_scored_in_both_orders(permuted_tasks):
  baseline = PrototypicalNetworks(
    units=(6, 3), episodes=5, permute_inputs=permuted_tasks
  )
  both = score_tasks_baseline("protonets", baseline, SAMPLER, SUBJECT, silent)
  train, test, _ = SUBJECT
  support_rows = draw_support(train, 2, label_draws=3, seed=4)
  permutations = draw_permutations(INPUTS, 2, seed=4)
  for scores, permutes in ((both.own, False), (both.permuted, True)):
    expected = np.empty([2, 3])
    for index in range(2):
      order = permutations[index] if permutes else np.arange(INPUTS)
      features = baseline.fit_tasks(SAMPLER, fit_seed(4, index))
      for draw, rows in enumerate(support_rows):
        support = features(train.inputs[rows][:, order])
        query = features(test.inputs[:, order])
        means = [
          support[train.labels[rows] == label].mean(axis=0)
          for label in range(CLASSES)
        ]
        distances = np.linalg.norm(query[:, None] - np.stack(means), axis=2)
        expected[index, draw] = np.mean(distances.argmin(1) == test.labels)
    own = last_layer(scores, "nearest_mean")
    np.testing.assert_allclose(own.accuracies, expected, atol=1 / 80 + 1e-9)
    np.testing.assert_allclose(own.mean, expected.mean(), atol=0.005)
  assert np.any(
    last_layer(both.own).accuracies != last_layer(both.permuted).accuracies
  )


def test_networks_are_those_of_an_evaluation():
  both = score_networks(
    RANDOM_INIT, lambda comparison: comparison.random_init(), SUBJECT, silent
  )
  for scores, permuted in ((both.own, False), (both.permuted, True)):
    subject = SUBJECT.in_order(permuted)
    row = compare(
      [RANDOM_INIT], (subject.train, subject.test), subject.config
    ).score(RANDOM_INIT, "ridge_loo")
    np.testing.assert_array_equal(last_layer(scores).accuracies, row.accuracies)
