# SPDX-License-Identifier: Apache-2.0
"""How well features serve few-shot classification."""

from collections.abc import Sequence

import numpy as np
import threadpoolctl

from lurl_tf.readouts import ridge_loo

EXAMPLES_PER_CLASS = 10
LABEL_DRAWS = 4


def few_shot_accuracy(
  features: np.ndarray,
  labels: np.ndarray,
  examples_per_class: int = EXAMPLES_PER_CLASS,
  label_draws: int = LABEL_DRAWS,
  seed: int = 0,
) -> float:
  """Accuracy of a ridge read-out of a few labelled examples on the others.

  Args:
    features: `[b, u]`.
    labels: `[b]` class numbers or names, of two classes or more, with two
      examples of each or more.
    examples_per_class: labelled examples of every class; at most half of the
      smallest class is taken.
    label_draws: draws of labelled examples to average over.
    seed: of the draws.

  Returns:
    A mean over draws, from 0 to 1.

  Raises:
    ValueError: if features and labels do not fit, or there are too few.

  Example:

  >>> labels = np.repeat([0, 1], 20)
  >>> lurl_tf.models.few_shot_accuracy(np.eye(2)[labels], labels)
  1.0
  """
  features, labels = np.asarray(features), np.asarray(labels)
  if features.ndim != 2 or labels.shape != features.shape[:1]:
    raise ValueError(
      "Expected features [b, u] and labels [b]. Received: shapes "
      f"{features.shape} and {labels.shape}"
    )
  classes, labels, counts = np.unique(
    labels, return_inverse=True, return_counts=True
  )
  if len(classes) < 2 or counts.min() < 2:
    raise ValueError(
      "Few-shot accuracy needs two classes or more, with two examples of each "
      f"or more. Received: {len(classes)} classes, the smallest of "
      f"{counts.min() if len(counts) else 0} examples"
    )
  size = min(examples_per_class, int(counts.min()) // 2)
  accuracies = []
  for draw in range(label_draws):
    order = np.random.default_rng([seed, draw]).permutation(len(labels))
    support = np.concatenate(
      [order[labels[order] == label][:size] for label in range(len(classes))]
    )
    query = np.setdiff1d(order, support)
    # More threads would wait for each other, and add in a changing order.
    with threadpoolctl.threadpool_limits(1):
      accuracies.append(
        ridge_loo(
          features[support],
          labels[support],
          features[query],
          labels[query],
          len(classes),
        )
      )
  return float(np.mean(accuracies))


def class_numbers(batches: Sequence[np.ndarray]) -> np.ndarray | None:
  """Labels of several batches as one array of class numbers or names.

  Args:
    batches: labels, each `[b]`, `[b, 1]`, or `[b, k]` one-hot.

  Returns:
    `[b]`, or None for what are no classes, such as targets of a regression.
  """
  if not batches:
    return None
  labels = np.concatenate([np.asarray(batch) for batch in batches])
  if labels.ndim == 2 and labels.shape[1] > 1:
    one_hot = np.all((labels == 0) | (labels == 1)) and np.all(
      labels.sum(axis=1) == 1
    )
    return labels.argmax(axis=1) if one_hot else None
  labels = labels.reshape(len(labels), -1)[:, 0]
  if np.issubdtype(labels.dtype, np.floating):
    return labels.astype(int) if np.all(labels % 1 == 0) else None
  return labels
