# SPDX-License-Identifier: Apache-2.0
"""Linear read-outs that score features at evaluation.

All share one signature: fitted on the support set alone, scored on the query
set. Nothing here needs gradients; the read-out that meta-training
differentiates is `lurl_tf.ridge_objective`.
"""

from collections.abc import Callable

import numpy as np

from lurl_tf.readouts.logistic import logistic_regression

PUBLISHED_PENALTY = 0.1
RELATIVE_PENALTIES = np.logspace(-4, 4, 33)

Readout = Callable[
  [np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, int], float
]


def ridge(
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int = 0,
) -> float:
  """The published read-out: ridge regression with the penalty 0.1.

  One-hot targets are centred and normalised, the bias is not penalised, the
  features are taken as they are (Metz et al. 2019, section 3.2; released
  program). The absolute penalty makes the accuracy depend on the features'
  scale; `ridge_loo` does not.

  Args:
    support_features: `[b, u]` features of labelled examples.
    support_labels: `[b]` class indices.
    query_features: `[b, u]` features to score.
    query_labels: `[b]` class indices.
    num_classes: number of classes.
    seed: not used; all read-outs share one signature.

  Returns:
    Accuracy on the query set, from 0 to 1.
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
  """Ridge regression whose penalty is chosen by leave-one-out.

  The penalty is a multiple of the mean diagonal of the centred features' Gram
  matrix, so the accuracy does not change when features are scaled. See
  `choose_relative_penalty`.

  Args:
    support_features: `[b, u]` features of labelled examples.
    support_labels: `[b]` class indices.
    query_features: `[b, u]` features to score.
    query_labels: `[b]` class indices.
    num_classes: number of classes.
    seed: not used; all read-outs share one signature.

  Returns:
    Accuracy on the query set, from 0 to 1.
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
  """What `ridge_loo` takes query examples for.

  Args:
    support_features: `[b, u]` features of labelled examples.
    support_labels: `[b]` class indices.
    query_features: `[n, u]` features to classify.
    num_classes: number of classes.

  Returns:
    `[n]` class indices.
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
  """Chooses ridge regression's penalty by its leave-one-out squared error.

  The error is exact and needs no refits: a fit is linear in the targets, so
  the residual of an example that was left out is its residual divided by one
  minus its leverage (Hastie et al. 2009, section 7.10).

  Args:
    support_features: `[b, u]`.
    support_labels: `[b]` class indices.
    num_classes: number of classes.

  Returns:
    One of `RELATIVE_PENALTIES`: the penalty in multiples of the mean diagonal
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


READOUTS: dict[str, Readout] = {
  "ridge": ridge,
  "ridge_loo": ridge_loo,
  "logistic_regression": logistic_regression,
}


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
  """Centred, normalised one-hot targets: `[b, k]` without their mean, `[k]`."""
  targets = np.eye(num_classes)[labels]
  targets = targets - targets.mean()
  targets = targets / np.sqrt(np.mean(np.sum(targets**2, axis=1)))
  bias = targets.mean(axis=0)
  return targets - bias, bias


def _centered_svd(
  features: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Mean `[u]` and the thin SVD of the features without it.

  Centring the features is the same as a bias that is not penalised.
  """
  features = _as_float(features)
  center = features.mean(axis=0)
  return center, *np.linalg.svd(features - center, full_matrices=False)


def _mean_gram_diagonal(scales: np.ndarray, num_features: int) -> float:
  # Above zero, so that features that are all dead divide nothing by zero.
  return max(float(np.sum(scales**2)) / num_features, 1e-30)
