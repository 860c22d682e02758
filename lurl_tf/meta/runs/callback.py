# SPDX-License-Identifier: Apache-2.0
"""Callbacks of a meta-training run."""

from collections.abc import Sequence
from typing import NamedTuple

from lurl_tf.meta.metrics import FirstCall, MetaMetrics
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tasks.episodes import TaskSampler


class RunState(NamedTuple):
  """State of a run at a checkpoint.

  Attributes:
    step: Integer number of outer steps done.
    rule: `UpdateRule` with the current meta-parameters.
    inner_learning_rates: Current knots of the inner learning rate.
    writer: `SummaryWriter` of the run; None for a run without a log folder.
  """

  step: int
  rule: UpdateRule
  inner_learning_rates: tuple[float, ...]
  writer: SummaryWriter | None


class Summary(NamedTuple):
  """Results of a run at the end of a session.

  Attributes:
    finished: Whether the run is complete; False after an interruption.
    steps: Integer number of outer steps done.
    seconds: Seconds spent, over all sessions of the run.
    first: Mean metrics of this session's first steps; None without steps.
    last: Mean metrics of this session's last steps; None without steps.
    inner_learning_rates: Current knots of the inner learning rate.
    first_calls: `FirstCall` of each function that this session compiled.
    lost_slots: Per bucket, how often each task slot of this process was lost.
    validations: Steps and scores of this session on validation tasks.
  """

  finished: bool
  steps: int
  seconds: float
  first: MetaMetrics | None
  last: MetaMetrics | None
  inner_learning_rates: tuple[float, ...]
  first_calls: tuple[FirstCall, ...] = ()
  lost_slots: tuple[tuple[int, ...], ...] = ()
  validations: tuple[tuple[int, ValidationScore], ...] = ()


class Callback:
  """Base class of callbacks of `lurl_tf.meta.fit`; its methods do nothing.

  Where several processes share a run, every process calls `on_begin` and
  `on_end`, and only the one that writes files calls the others.

  Example:

  ```python
  class PrintLoss(lurl_tf.meta.Callback):
    def on_step(self, step, metrics):
      print(step, metrics.loss)

  lurl_tf.meta.fit("quick", num_steps=100, callbacks=[PrintLoss()])
  ```
  """

  def on_begin(
    self, config: MetaTrainConfig, samplers: Sequence[TaskSampler]
  ) -> None:
    """Called before the first outer step, once all arguments are checked.

    Args:
      config: `MetaTrainConfig` of the run.
      samplers: `TaskSampler` of each bucket.
    """

  def on_step(self, step: int, metrics: MetaMetrics) -> None:
    """Called after every outer step.

    Args:
      step: Integer number of outer steps done.
      metrics: `MetaMetrics` of the step.
    """

  def on_validation(self, step: int, score: ValidationScore) -> None:
    """Called after every validation.

    Args:
      step: Integer number of outer steps done.
      score: `ValidationScore` of the current rule.
    """

  def on_checkpoint(self, state: RunState) -> None:
    """Called after every checkpoint.

    Args:
      state: `RunState` of the run.
    """

  def on_end(self, summary: Summary) -> None:
    """Called at the end, also after an interruption.

    Args:
      summary: `Summary` of the run.
    """
