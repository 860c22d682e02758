# SPDX-License-Identifier: Apache-2.0
"""Tests of the read-outs, each against another way to the same number."""

import numpy as np
import pytest
from sklearn import linear_model

from lurl_tf import readouts
from lurl_tf.readouts.ridge import (
  RELATIVE_PENALTIES,
  choose_relative_penalty,
)

NUM_CLASSES = 4


def make_examples(
  seed=0, num_features=6, per_class=5, num_query=400, noise=1.0
):
  """Noisy clusters, one per class, so that accuracy is neither 0 nor 1."""
  rng = np.random.default_rng(seed)
  centers = rng.normal(size=[NUM_CLASSES, num_features])
  support_labels = np.repeat(np.arange(NUM_CLASSES), per_class)
  query_labels = rng.integers(NUM_CLASSES, size=num_query)

  def draw(labels):
    return centers[labels] + noise * rng.normal(
      size=[len(labels), num_features]
    )

  return (
    draw(support_labels),
    support_labels,
    draw(query_labels),
    query_labels,
    NUM_CLASSES,
  )


def published_accuracy(support, support_labels, query, query_labels, classes):
  """The released program's formula, with its explicit inverse."""
  targets = np.eye(classes)[support_labels]
  targets = targets - targets.mean()
  targets = targets / np.sqrt(np.mean(np.sum(targets**2, axis=1)))
  inputs = np.concatenate([support, np.ones([len(support), 1])], axis=1)
  penalty = np.diag([0.1] * support.shape[1] + [0.0])
  kernel = np.linalg.inv(inputs.T @ inputs + penalty) @ inputs.T @ targets
  logits = query @ kernel[:-1] + kernel[-1]
  return np.mean(np.argmax(logits, axis=1) == query_labels)


def ridge_fit(features, targets, penalty):
  """Least squares with extra rows for the penalty; the bias has none."""
  inputs = np.concatenate([features, np.ones([len(features), 1])], axis=1)
  extra = np.sqrt(penalty) * np.eye(features.shape[1], inputs.shape[1])
  zeros = np.zeros([features.shape[1], targets.shape[1]])
  return np.linalg.lstsq(
    np.concatenate([inputs, extra]), np.concatenate([targets, zeros])
  )[0]


def gram_diagonal(features):
  centered = features - features.mean(axis=0)
  return np.mean(np.diag(centered.T @ centered))


@pytest.mark.parametrize("num_features", [6, 50])
@pytest.mark.parametrize("scale", [0.05, 1.0])
def test_ridge_equals_the_explicit_inverse(num_features, scale):
  support, labels, query, query_labels, classes = make_examples(
    num_features=num_features, noise=2.0
  )
  examples = (scale * support, labels, scale * query, query_labels, classes)
  accuracy = readouts.ridge(*examples, seed=0)
  assert accuracy == pytest.approx(published_accuracy(*examples), abs=1e-12)
  assert 0.3 < accuracy < 0.95


def test_ridge_equals_the_explicit_inverse_on_unbalanced_support():
  support, labels, query, query_labels, classes = make_examples(noise=2.0)
  examples = (support[3:], labels[3:], query, query_labels, classes)
  assert readouts.ridge(*examples, 0) == published_accuracy(*examples)


@pytest.mark.parametrize("num_features", [6, 50])
def test_penalty_is_that_of_brute_force_leave_one_out(num_features):
  chosen = set()
  for seed, noise in enumerate([0.3, 1.0, 3.0]):
    support, labels, *_ = make_examples(
      seed, num_features=num_features, noise=noise
    )
    targets = np.eye(NUM_CLASSES)[labels]
    errors = []
    for multiple in RELATIVE_PENALTIES:
      penalty = multiple * gram_diagonal(support)
      squares = 0.0
      for left_out in range(len(support)):
        kept = np.arange(len(support)) != left_out
        kernel = ridge_fit(support[kept], targets[kept], penalty)
        fitted = support[left_out] @ kernel[:-1] + kernel[-1]
        squares += np.sum((fitted - targets[left_out]) ** 2)
      errors.append(squares)
    expected = RELATIVE_PENALTIES[np.argmin(errors)]
    actual = choose_relative_penalty(support, labels, NUM_CLASSES)
    assert actual == expected
    chosen.add(actual)
  assert len(chosen) > 1


def test_ridge_loo_equals_scikit_learn_at_the_chosen_penalty():
  support, labels, query, query_labels, classes = make_examples(noise=2.0)
  multiple = choose_relative_penalty(support, labels, classes)
  model = linear_model.Ridge(alpha=multiple * gram_diagonal(support))
  model.fit(support, np.eye(classes)[labels])
  expected = np.mean(np.argmax(model.predict(query), axis=1) == query_labels)
  actual = readouts.ridge_loo(support, labels, query, query_labels, classes)
  assert actual == expected


@pytest.mark.parametrize(
  "readout", [readouts.ridge_loo, readouts.logistic_regression]
)
@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_chosen_penalties_do_not_see_the_scale(readout, scale):
  support, labels, query, query_labels, classes = make_examples(noise=2.0)
  expected = readout(support, labels, query, query_labels, classes, 0)
  actual = readout(
    scale * support, labels, scale * query, query_labels, classes, 0
  )
  assert actual == pytest.approx(expected, abs=1 / len(query))


def test_published_ridge_does_see_the_scale():
  support, labels, query, query_labels, classes = make_examples(
    num_features=50, noise=3.0
  )
  plain = readouts.ridge(support, labels, query, query_labels, classes)
  scaled = readouts.ridge(
    0.01 * support, labels, 0.01 * query, query_labels, classes
  )
  assert plain != scaled


@pytest.mark.parametrize("name", readouts.READOUTS)
def test_constant_features_change_nothing(name):
  readout = readouts.READOUTS[name]
  support, labels, query, query_labels, classes = make_examples()
  expected = readout(support, labels, query, query_labels, classes, 0)

  def with_constants(features):
    # 0.1 is not exact in binary: its mean differs from it by rounding.
    constants = np.tile([0.0, 0.1, -1e3], [len(features), 1])
    return np.concatenate([features, constants], axis=1).astype(np.float32)

  actual = readout(
    with_constants(support),
    labels,
    with_constants(query),
    query_labels,
    classes,
    0,
  )
  # ridge_loo's grid moves with the number of features, hence not exact.
  assert actual == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("name", readouts.READOUTS)
def test_dead_features_give_one_class(name):
  _, labels, _, query_labels, classes = make_examples()
  accuracy = readouts.READOUTS[name](
    np.zeros([len(labels), 3]),
    labels,
    np.zeros([len(query_labels), 3]),
    query_labels,
    classes,
    0,
  )
  shares = np.bincount(query_labels) / len(query_labels)
  assert accuracy in shares


@pytest.mark.parametrize("name", readouts.READOUTS)
def test_same_seed_same_number(name):
  examples = make_examples(noise=2.0)
  first = readouts.READOUTS[name](*examples, seed=3)
  assert readouts.READOUTS[name](*examples, seed=3) == first
