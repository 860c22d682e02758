# SPDX-License-Identifier: Apache-2.0
"""Tests of the scikit-learn transformer, by scikit-learn's own checks."""

import pickle

import numpy as np
import pytest
import sklearn.base
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import (
  check_estimator,
  parametrize_with_checks,
)

import lurl_tf
from lurl_tf.tasks import load_examples
from tests.tiny_models import draw_inputs, labels_of, tiny_rule

QUICK = lurl_tf.RuleFeatures("hebbian", (8,), inner_steps=3, random_state=0)


@parametrize_with_checks([QUICK])
def test_checks_of_scikit_learn(estimator, check):
  check(estimator)


def digits():
  for split in ("train", "test"):
    examples = load_examples("lurl_digits", split)
    yield examples.inputs.astype(np.float32) / 255, examples.labels


def test_a_pipeline_beats_random_features_on_digits():
  (inputs, labels), (query, query_labels) = digits()
  scores = []
  for learning_rate in (0.1, 1e-9):
    features = lurl_tf.RuleFeatures(
      "soft_winner_take_all",
      (32,),
      inner_steps=50,
      learning_rate=learning_rate,
      random_state=0,
    )
    pipeline = make_pipeline(features, LogisticRegression(max_iter=500))
    scores.append(pipeline.fit(inputs, labels).score(query, query_labels))
  assert scores[0] > 0.85 and scores[0] > scores[1]


def test_a_learned_rule_takes_as_many_steps_as_are_asked_for():
  rule, inputs = tiny_rule(), draw_inputs(50)
  features = lurl_tf.RuleFeatures(
    rule, (6, 4), inner_steps=7, batch_size=20, random_state=3
  )
  first = features.fit_transform(inputs)
  assert first.shape == (50, 4) and first.dtype == np.float32
  # Two batches an epoch: eight steps are the next full epoch.
  assert int(features.model_.optimizer.iterations) == 8
  np.testing.assert_array_equal(features.fit(inputs).transform(inputs), first)
  again = pickle.loads(pickle.dumps(features))
  np.testing.assert_array_equal(again.transform(inputs), first)
  clone = sklearn.base.clone(features)
  np.testing.assert_allclose(clone.fit_transform(inputs), first, rtol=1e-6)
  assert list(features.get_feature_names_out()) == [
    f"rulefeatures{index}" for index in range(4)
  ]


def test_a_grid_search():
  pipeline = make_pipeline(
    sklearn.base.clone(QUICK), LogisticRegression(max_iter=200)
  )
  search = GridSearchCV(pipeline, {"rulefeatures__units": [(4,), (8,)]}, cv=2)
  search.fit(draw_inputs(60), labels_of(60))
  assert search.best_score_ > 0.5


def test_a_supervised_rule_needs_labels():
  features = lurl_tf.RuleFeatures("backpropagation", (6,), inner_steps=2)
  features.fit(draw_inputs(20), labels_of(20))
  with pytest.raises(ValueError, match="Labels are needed"):
    features.fit(draw_inputs(20))


@pytest.mark.slow
def test_checks_of_scikit_learn_with_the_shipped_rule():
  check_estimator(lurl_tf.RuleFeatures(inner_steps=3, random_state=0))
