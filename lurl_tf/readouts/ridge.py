# SPDX-License-Identifier: Apache-2.0
"""Read-outs by ridge regression on one-hot targets.

With centred features X and centred, normalised targets Y, the kernel is

    K = (X^T X + p I)^-1 X^T Y,

where p is the penalty; the bias is not penalised.
"""

import numpy as np

PUBLISHED_PENALTY = 0.1
RELATIVE_PENALTIES = np.logspace(-4, 4, 33)


def ridge(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int = 0,
) -> float:
  """Scores the published read-out: ridge regression with the penalty 0.1.

  One-hot targets are centred and normalised, the bias is not penalised, and
  the features are not scaled (Metz et al. 2019, section 3.2; released
  program). As the penalty is absolute, the accuracy depends on the scale of
  the features; that of `ridge_loo` does not.

  Args:
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    query_features: `[n, u]` features of the query examples.
    query_labels: `[n]` class indices of the query examples.
    num_classes: Number of classes.
    seed: Not used; part of the signature of all read-outs.

  Returns:
    Accuracy on the query set, in [0, 1].
  """
  del seed
  predicted = _predict_ridge(
    support_features,
    support_labels,
    query_features,
    num_classes,
    PUBLISHED_PENALTY,
  )
  return float(np.mean(predicted == query_labels))


def ridge_loo(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int = 0,
) -> float:
  """Scores ridge regression with a penalty chosen by leave-one-out.

  The penalty is a multiple of the mean diagonal of the centred features' Gram
  matrix, so that the accuracy does not depend on the scale of the features.
  See `choose_relative_penalty`.

  Args:
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    query_features: `[n, u]` features of the query examples.
    query_labels: `[n]` class indices of the query examples.
    num_classes: Number of classes.
    seed: Not used; part of the signature of all read-outs.

  Returns:
    Accuracy on the query set, in [0, 1].
  """
  del seed
  predicted = predict_ridge_loo(
    support_features, support_labels, query_features, num_classes
  )
  return float(np.mean(predicted == query_labels))


def predict_ridge_loo(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  num_classes: int,
) -> np.ndarray:
  """Classifies query examples as `ridge_loo` does.

  Args:
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    query_features: `[n, u]` features of the query examples.
    num_classes: Number of classes.

  Returns:
    `[n]` predicted class indices.
  """
  multiple = choose_relative_penalty(
    support_features, support_labels, num_classes
  )
  _, _, scales, _ = _centered_svd(support_features)
  return _predict_ridge(
    support_features,
    support_labels,
    query_features,
    num_classes,
    multiple * _mean_gram_diagonal(scales, support_features.shape[1]),
  )


def choose_relative_penalty(
  support_features: np.ndarray, support_labels: np.ndarray, num_classes: int
) -> float:
  """Chooses the penalty of ridge regression by leave-one-out squared error.

  The error is exact and needs no second fit: predictions are linear in the
  targets, so the residual of a left-out example is

      e_i / (1 - h_i),

  with its residual e_i and leverage h_i in the fit to all examples (Hastie,
  Tibshirani and Friedman 2009, section 7.10).

  Args:
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    num_classes: Number of classes.

  Returns:
    One of `RELATIVE_PENALTIES`: the penalty as a multiple of the mean diagonal
    of the centred features' Gram matrix.
  """
  center, left, scales, _ = _centered_svd(support_features)
  targets, _ = _ridge_targets(support_labels, num_classes)
  gram_diagonal = _mean_gram_diagonal(scales, len(center))
  projected_targets = left.T @ targets
  errors = []
  for multiple in RELATIVE_PENALTIES:
    shrinkage = scales**2 / (scales**2 + multiple * gram_diagonal)
    fitted = left @ (shrinkage[:, None] * projected_targets)
    # The bias, which is not penalised, has the leverage 1 / b.
    leverage = 1 / len(targets) + left**2 @ shrinkage
    left_out = (targets - fitted) / np.maximum(1 - leverage, 1e-12)[:, None]
    errors.append(np.mean(left_out**2))
  return float(RELATIVE_PENALTIES[int(np.argmin(errors))])


def _predict_ridge(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  num_classes: int,
  penalty: float,
) -> np.ndarray:
  center, left, scales, right = _centered_svd(support_features)
  targets, bias = _ridge_targets(support_labels, num_classes)
  shrunk = (scales / (scales**2 + penalty))[:, None] * (left.T @ targets)
  logits = (_as_float(query_features) - center) @ (right.T @ shrunk) + bias
  return np.argmax(logits, axis=1)


def _as_float(features: np.ndarray) -> np.ndarray:
  return np.asarray(features, dtype=np.float64)


def _ridge_targets(
  labels: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
  """Normalised one-hot targets: `[b, k]` without their mean, and that `[k]`."""
  targets = np.eye(num_classes)[labels]
  targets = targets - targets.mean()
  targets = targets / np.sqrt(np.mean(np.sum(targets**2, axis=1)))
  bias = targets.mean(axis=0)
  return targets - bias, bias


def _centered_svd(
  features: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Mean `[u]` of the features, and the thin SVD of the centred features.

  Centring the features is equivalent to a bias that is not penalised.
  """
  features = _as_float(features)
  center = features.mean(axis=0)
  return center, *np.linalg.svd(features - center, full_matrices=False)


def _mean_gram_diagonal(scales: np.ndarray, num_features: int) -> float:
  # Constant features would lead to a division by zero.
  return max(float(np.sum(scales**2)) / num_features, 1e-30)
