# SPDX-License-Identifier: Apache-2.0
"""Read-out by logistic regression, with scikit-learn."""

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
  """Scores multinomial logistic regression on standardised features.

  The inverse penalty C is chosen from `INVERSE_PENALTIES` by the log-loss of
  stratified cross-validation on the support set. (Its accuracy changes in
  steps of one example, and is noisier.) If a class has only one example,
  cross-validation is impossible, and C is 1.

  Args:
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    query_features: `[n, u]` features of the query examples.
    query_labels: `[n]` class indices of the query examples.
    num_classes: Not used; part of the signature of all read-outs.
    seed: Integer seed of the folds.

  Returns:
    Accuracy on the query set, in [0, 1].
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
    # Each C starts at the optimum of the previous C and needs few iterations.
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
  """Fits without convergence warnings: few iterations are intended."""
  with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    model.fit(features, labels)


def _standardize(
  support: np.ndarray, query: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Scales to zero mean and unit variance on the support set."""
  support = np.asarray(support, dtype=np.float64)
  query = np.asarray(query, dtype=np.float64)
  center, scale = support.mean(axis=0), support.std(axis=0)
  # Constant features become 0. Rounding gives them a tiny deviation.
  is_live = scale > 1e-7 * np.maximum(np.abs(center), np.max(scale))
  scale = np.where(is_live, scale, np.inf)
  return (support - center) / scale, (query - center) / scale


def _rotate_to_rank(
  support: np.ndarray, query: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Reduces the number of features to the rank of the support set.

  The fit does not change: the kernel lies in the span of the support examples,
  and the penalty is invariant to rotations.
  """
  if support.shape[1] <= support.shape[0]:
    return support, query
  left, scales, right = np.linalg.svd(support, full_matrices=False)
  return left * scales, query @ right.T
