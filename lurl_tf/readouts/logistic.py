# SPDX-License-Identifier: Apache-2.0
"""The read-out by logistic regression, of scikit-learn."""

import warnings

import numpy as np

INVERSE_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
MOST_FOLDS = 5


def logistic_regression(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int = 0,
) -> float:
  """Multinomial logistic regression of scikit-learn on standardised features.

  The inverse penalty C is chosen from `INVERSE_PENALTIES` by the log-loss of
  stratified cross-validation on the support set (steadier than its accuracy,
  which moves in steps of one example); with one example of a class there is
  nothing to validate on, and C is 1.

  Args:
    support_features: `[b, u]` features of labelled examples.
    support_labels: `[b]` class indices.
    query_features: `[b, u]` features to score.
    query_labels: `[b]` class indices.
    num_classes: not used; all read-outs share one signature.
    seed: fixes the folds.

  Returns:
    Accuracy on the query set, from 0 to 1.
  """
  del num_classes
  from sklearn import linear_model

  support, query = _standardize(support_features, query_features)
  support, query = _rotate_to_rank(support, query)
  model = linear_model.LogisticRegression(
    C=_choose_inverse_penalty(support, support_labels, seed), max_iter=300
  )
  _fit(model, support, support_labels)
  return float(np.mean(model.predict(query) == query_labels))


def _choose_inverse_penalty(
  features: np.ndarray, labels: np.ndarray, seed: int
) -> float:
  from sklearn import linear_model, model_selection

  counts = np.unique(labels, return_counts=True)[1]
  num_folds = min(MOST_FOLDS, int(counts.min()))
  if num_folds < 2:
    return 1.0
  folds = model_selection.StratifiedKFold(
    num_folds, shuffle=True, random_state=seed
  )
  losses = np.zeros(len(INVERSE_PENALTIES))
  for kept, left_out in folds.split(features, labels):
    # Each C starts at the optimum of the one before: few iterations.
    model = linear_model.LogisticRegression(
      max_iter=50, tol=1e-2, warm_start=True
    )
    for index, inverse_penalty in enumerate(INVERSE_PENALTIES):
      model.set_params(C=inverse_penalty)
      _fit(model, features[kept], labels[kept])
      probabilities = model.predict_proba(features[left_out])
      columns = np.searchsorted(model.classes_, labels[left_out])
      chosen = probabilities[np.arange(len(columns)), columns]
      losses[index] -= np.sum(np.log(np.maximum(chosen, 1e-30)))
  return INVERSE_PENALTIES[int(np.argmin(losses))]


def _fit(model, features: np.ndarray, labels: np.ndarray) -> None:
  """Fits in silence: few iterations are meant, not an accident."""
  with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    model.fit(features, labels)


def _standardize(
  support: np.ndarray, query: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Zero mean and unit variance on the support set; constants become 0."""
  support = np.asarray(support, dtype=np.float64)
  query = np.asarray(query, dtype=np.float64)
  center, scale = support.mean(axis=0), support.std(axis=0)
  # Rounding gives a constant feature a tiny deviation.
  is_live = scale > 1e-7 * np.maximum(np.abs(center), np.max(scale))
  scale = np.where(is_live, scale, np.inf)
  return (support - center) / scale, (query - center) / scale


def _rotate_to_rank(
  support: np.ndarray, query: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Fewer features, same fit: the penalty does not see rotations.

  The kernel lies in the span of the support examples, so with more features
  than examples the others add nothing but time.
  """
  if support.shape[1] <= support.shape[0]:
    return support, query
  left, scales, right = np.linalg.svd(support, full_matrices=False)
  return left * scales, query @ right.T
