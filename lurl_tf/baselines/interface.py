# SPDX-License-Identifier: Apache-2.0
"""What a baseline is: three interfaces, by what a method learns from."""

from typing import ClassVar, Self

import numpy as np

from lurl_tf.features import Classifier, Features
from lurl_tf.tasks.episodes import TaskSampler


class Method:
  """What the three interfaces have in common.

  Attributes:
    is_random: whether the seed matters.
  """

  is_random: ClassVar[bool] = True

  def candidates(self) -> tuple[Self, ...]:
    """What tuning chooses from: itself first, 20 at most."""
    return (self,)


class Baseline(Method):
  """Learns features from unlabelled examples; read-outs score them.

  Subclasses are frozen dataclasses, whose fields are the method's options, and
  override `fit`.
  """

  def fit(self, unlabelled: np.ndarray, seed: int = 0) -> Features:
    """Learns features.

    Args:
      unlabelled: float32 `[b, i]`, of about unit scale.
      seed: of starting weights, order and noise.

    Returns:
      `Features`.
    """
    raise NotImplementedError(f"{type(self).__name__} must override `fit`")


class LabelledBaseline(Method):
  """Learns to classify from labelled examples; needs no read-out.

  Subclasses are frozen dataclasses and override `fit_labelled`.

  Attributes:
    is_transductive: whether the prediction of one example depends on the others
      that are predicted with it.
    needs_all_labels: whether it is to be given all labels of the training
      split, not the few that other methods get: a ceiling.
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
    """Learns to classify.

    Args:
      inputs: float32 `[b, i]`, of about unit scale.
      labels: `[b]` class indices.
      num_classes: number of classes.
      seed: of starting weights, order and noise.

    Returns:
      A callable that maps inputs `[b, i]` to class indices `[b]`.
    """
    raise NotImplementedError(
      f"{type(self).__name__} must override `fit_labelled`"
    )


class TaskBaseline(Method):
  """Learns features from tasks of other data sets, as a rule is meta-trained.

  Subclasses are frozen dataclasses with a field `permute_inputs`, and override
  `fit_tasks`.

  Attributes:
    permute_inputs: whether every task has its own order of inputs; features are
      then scored on inputs in an order of their own, too.
  """

  permute_inputs: bool

  def fit_tasks(self, sampler: TaskSampler, seed: int = 0) -> Features:
    """Learns features.

    Args:
      sampler: of the tasks, whose inputs are as many as those to come.
      seed: of starting weights and tasks.

    Returns:
      `Features`.
    """
    raise NotImplementedError(
      f"{type(self).__name__} must override `fit_tasks`"
    )
