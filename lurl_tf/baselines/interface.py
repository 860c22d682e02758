# SPDX-License-Identifier: Apache-2.0
"""Three interfaces of baselines, by the data that a method learns from."""

from typing import ClassVar, Self

import numpy as np

from lurl_tf.features import Classifier, Features
from lurl_tf.tasks.episodes import TaskSampler


class Method:
  """Base class of the three interfaces.

  Attributes:
    is_random: Whether the result depends on the seed.
  """

  is_random: ClassVar[bool] = True

  def candidates(self) -> tuple[Self, ...]:
    """Returns the options that tuning tries: this one first, at most 20."""
    return (self,)


class Baseline(Method):
  """Base class of methods that learn features from unlabelled examples.

  Subclasses are frozen dataclasses whose fields are the options of the method,
  and override `fit`. The features are scored with read-outs.
  """

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Learns features.

    Args:
      unlabelled: float32 `[b, i]` unlabelled examples, of about unit scale.
      seed: Integer seed of initial weights, example order and noise.

    Returns:
      `Features`.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `fit`")


class LabelledBaseline(Method):
  """Base class of methods that learn a classifier from labelled examples.

  Subclasses are frozen dataclasses and override `fit_labelled`.

  Attributes:
    is_transductive: Whether the prediction of an example depends on the other
      examples that are predicted with it.
    needs_all_labels: Whether the method is fitted on all labels of the training
      split, as an upper bound, and not on the few labels of a draw.
  """

  is_transductive: ClassVar[bool] = False
  needs_all_labels: ClassVar[bool] = False

  def fit_labelled(
    self,
    inputs: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    seed: int = 0,
  ) -> Classifier:
    """Learns a classifier.

    Args:
      inputs: float32 `[b, i]` labelled examples, of about unit scale.
      labels: `[b]` class indices of the labelled examples.
      num_classes: Number of classes.
      seed: Integer seed of initial weights, example order and noise.

    Returns:
      A callable that maps inputs `[b, i]` to class indices `[b]`.
    """
    raise NotImplementedError(
      f"{type(self).__name__} must override `fit_labelled`"
    )


class TaskBaseline(Method):
  """Base class of methods that learn features from tasks of other data sets.

  Subclasses are frozen dataclasses with a field `permute_inputs`, and override
  `fit_tasks`.

  Attributes:
    permute_inputs: Whether every task has its own order of inputs. The features
      are then scored on permuted inputs, too.
  """

  permute_inputs: bool

  def fit_tasks(self, sampler: TaskSampler, seed: int = 0) -> Features:
    """Learns features.

    Args:
      sampler: Sampler of tasks with the input size of the data set that the
        features are scored on.
      seed: Integer seed of initial weights and tasks.

    Returns:
      `Features`.
    """
    raise NotImplementedError(
      f"{type(self).__name__} must override `fit_tasks`"
    )
