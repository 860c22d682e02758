# SPDX-License-Identifier: Apache-2.0
"""Few-shot accuracy of features."""

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
    features: Features `[b, u]`.
    labels: Class numbers or names `[b]`, of at least two classes with at least
      two examples each.
    examples_per_class: Number of labelled examples of each class, limited to
      half of the smallest class.
    label_draws: Number of draws of labelled examples to average over.
    seed: Integer seed of the draws.

  Returns:
    Mean accuracy over the draws, from 0 to 1.

  Raises:
    ValueError: If the shapes of features and labels do not fit, or there are
      too few classes or examples.

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
    # Several threads would be slower, and sum in an order that changes.
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
  """Joins labels of several batches to one array of class numbers or names.

  Args:
    batches: Labels of each batch: `[b]`, `[b, 1]`, or one-hot `[b, k]`.

  Returns:
    Classes `[b]`; None if the labels are no classes, such as targets of a
    regression.
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
