# SPDX-License-Identifier: Apache-2.0
"""Tests of the logistic read-out against scikit-learn's own search.

Constant, dead and scaled features are tested for all read-outs together.
"""

import numpy as np
import pytest
from sklearn import linear_model, model_selection, pipeline, preprocessing

from lurl_tf.readouts import logistic as logistic_readout

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


@pytest.mark.parametrize("num_features", [6, 50])
def test_logistic_regression_equals_scikit_learns_own_search(num_features):
  support, labels, query, query_labels, classes = make_examples(
    num_features=num_features, per_class=10, noise=2.0
  )
  search = pipeline.make_pipeline(
    preprocessing.StandardScaler(),
    model_selection.GridSearchCV(
      linear_model.LogisticRegression(max_iter=5000, tol=1e-8),
      {"C": logistic_readout.INVERSE_PENALTIES},
      scoring="neg_log_loss",
      cv=model_selection.StratifiedKFold(5, shuffle=True, random_state=7),
    ),
  ).fit(support, labels)
  actual = logistic_readout.logistic_regression(
    support, labels, query, query_labels, classes, 7
  )
  expected = np.mean(search.predict(query) == query_labels)
  assert actual == pytest.approx(expected, abs=2 / len(query))
  assert 0.3 < actual < 0.95


def test_logistic_regression_with_one_example_of_a_class():
  examples = make_examples(per_class=1, noise=0.1)
  assert logistic_readout.logistic_regression(*examples, seed=0) > 0.9
