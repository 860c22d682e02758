# SPDX-License-Identifier: Apache-2.0
"""Few-shot accuracy of features that arrive in batches."""

from typing import Any

import numpy as np

from lurl_tf.models.few_shot import class_numbers, few_shot_accuracy

FEW_SHOT_ACCURACY = "few_shot_accuracy"


class FewShotScorer:
  """Collects features and labels of batches, and scores all of them at once.

  Args:
    examples_per_class: Number of labelled examples of each class.
  """

  def __init__(self, examples_per_class: int):
    self._examples_per_class = examples_per_class
    self._features, self._labels = [], []

  def add(self, features: np.ndarray, labels: np.ndarray) -> None:
    """Adds a batch.

    Args:
      features: Features `[b, u]`.
      labels: Labels `[b]`, `[b, 1]`, or `[b, k]` one-hot.
    """
    self._features.append(np.asarray(features))
    self._labels.append(np.asarray(labels))

  @property
  def num_batches(self) -> int:
    """Number of batches added."""
    return len(self._features)

  def logs(self) -> dict[str, float]:
    """Computes the few-shot accuracy of all batches.

    Returns:
      The accuracy, from 0 to 1, under its name; empty if the labels are no
      classes, such as targets of a regression.

    Raises:
      ValueError: If there are too few examples of a class.
    """
    labels = class_numbers(self._labels)
    if labels is None:
      return {}
    features = np.concatenate(self._features)
    accuracy = few_shot_accuracy(features, labels, self._examples_per_class)
    return {FEW_SHOT_ACCURACY: accuracy}


def check_labels(labels: Any) -> None:
  """Raises ValueError if a batch to evaluate has no labels.

  Args:
    labels: Labels of the batch, or None.
  """
  if labels is None:
    raise ValueError(
      "Expected inputs and labels to score features on. Received: no labels"
    )
