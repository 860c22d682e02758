# SPDX-License-Identifier: Apache-2.0
"""What a frozen rule makes of a base network and its features."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.common.progress import Progress
from experiments.inspection.principal_components import Projection, project
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.snapshots import Snapshot, take_snapshots
from lurl_tf.rule.local_rule import LocalRule
from lurl_tf.structures import LabelledExamples

MOST_POINTS = 500


class Subject(NamedTuple):
  """A rule and a data set that it is looked at on.

  Attributes:
    rule_name: what was asked for.
    rule: the frozen rule.
    dataset: name of the data set.
    train: what the base network learns from.
    test: what its features are taken of.
    config: base network, rates; its `inner_steps` are those of the snapshots.
  """

  rule_name: str
  rule: LocalRule
  dataset: str
  train: LabelledExamples
  test: LabelledExamples
  config: EvaluationConfig


class Finding(NamedTuple):
  """What a rule does on a data set, by number of inner steps.

  Attributes:
    subject: what was looked at.
    snapshots: of one base network.
    projections: of its features of the test examples.
  """

  subject: Subject
  snapshots: dict[int, Snapshot]
  projections: dict[int, Projection]

  @property
  def labels(self) -> np.ndarray:
    """`[b]` class indices of the examples that are projected."""
    return self.subject.test.labels[:MOST_POINTS]

  @property
  def horizon(self) -> int:
    """The inner steps that the rule was made for."""
    return self.subject.config.horizon


def snapshot_steps(
  horizon: int, inner_steps: Sequence[int] | None
) -> tuple[int, ...]:
  """When to look: at the start, at the rule's own end, and as asked for.

  Args:
    horizon: inner steps that the rule was made for.
    inner_steps: what is asked for; None for a tenth and ten times of that.
  """
  asked = (horizon // 10, 10 * horizon) if inner_steps is None else inner_steps
  return tuple(sorted({0, horizon, *asked}))


def inspect(subject: Subject) -> Finding:
  """Trains a base network, and takes the features of test examples.

  Args:
    subject: the rule and the data.
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
