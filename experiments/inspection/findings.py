# SPDX-License-Identifier: Apache-2.0
"""Inner training of a base network with a frozen rule, and its features."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.inspection.principal_components import Projection, project
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.snapshots import Snapshot, take_snapshots
from lurl_tf.meta.runs.progress import Progress
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples

MOST_POINTS = 500


class Subject(NamedTuple):
  """A rule and a data set to inspect it on.

  Attributes:
    rule_name: Name of the rule as given by the user.
    rule: Frozen rule.
    dataset: Name of the data set.
    train: Training split, from which the base network learns.
    test: Test split, whose features are inspected.
    config: Base network and learning rates; its `inner_steps` are those of the
      snapshots.
  """

  rule_name: str
  rule: LocalRule
  dataset: str
  train: LabelledExamples
  test: LabelledExamples
  config: EvaluationConfig


class Finding(NamedTuple):
  """Result of a rule on a data set, by number of inner steps.

  Attributes:
    subject: The rule and the data set.
    snapshots: Snapshots of one base network.
    projections: Principal components of its features of test examples.
  """

  subject: Subject
  snapshots: dict[int, Snapshot]
  projections: dict[int, Projection]

  @property
  def labels(self) -> np.ndarray:
    """Class indices `[b]` of the projected examples."""
    return self.subject.test.labels[:MOST_POINTS]

  @property
  def horizon(self) -> int:
    """Number of inner steps in the rule's meta-training."""
    return self.subject.config.horizon


def snapshot_steps(
  horizon: int, inner_steps: Sequence[int] | None
) -> tuple[int, ...]:
  """Returns the inner steps of the snapshots, which include 0 and `horizon`.

  Args:
    horizon: Number of inner steps in the rule's meta-training.
    inner_steps: Further numbers of inner steps; default: a tenth of `horizon`
      and ten times `horizon`.

  Returns:
    Numbers of inner steps, ascending.
  """
  asked = (horizon // 10, 10 * horizon) if inner_steps is None else inner_steps
  return tuple(sorted({0, horizon, *asked}))


def inspect(subject: Subject) -> Finding:
  """Trains a base network and computes the features of test examples.

  Args:
    subject: The rule and the data set.

  Returns:
    Snapshots and principal components of the features.
  """
  label = f"{subject.rule_name}, {subject.dataset}"
  progress = Progress(subject.config.inner_steps[-1], "inner step", label)
  snapshots = take_snapshots(
    subject.rule, subject.train, subject.config, progress.update
  )
  inputs = subject.test.inputs[:MOST_POINTS]
  return Finding(
    subject,
    {each.inner_steps: each for each in snapshots},
    {
      each.inner_steps: project(
        each.features(inputs, subject.config.activation)
      )
      for each in snapshots
    },
  )
