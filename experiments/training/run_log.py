# SPDX-License-Identifier: Apache-2.0
"""What a meta-training run leaves behind as it goes: lines, curves, files."""

import dataclasses
import time
from typing import NamedTuple

from experiments.common.charts import meta_training_charts, part_curves
from experiments.common.progress import Progress, format_seconds
from experiments.training.best_rule import keep_best
from experiments.training.rule_summaries import (
  InnerTrainingView,
  write_hyper_parameters,
  write_parameters,
)
from lurl_tf import presets
from lurl_tf.meta import FirstCall, MetaMetrics, MetaTrainer, Validation
from lurl_tf.meta.runs.folder import RunFolder
from lurl_tf.meta.strategy import is_chief
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tables import format_table

_TABLE_STEPS = 20


class Run(NamedTuple):
  """A run that is ready to begin or to go on.

  Attributes:
    trainer: does the outer steps, in place.
    rule: what it trains.
    folder: where the run is kept.
    metadata: of the rule, as far as it is known before the steps.
    validation: scores the rule on held-out classes and fonts, if asked for.
    view: shows what the rule does at every checkpoint, if asked for.
  """

  trainer: MetaTrainer
  rule: UpdateRule
  folder: RunFolder
  metadata: presets.PresetMetadata
  validation: Validation | None = None
  view: InnerTrainingView | None = None


class Summary(NamedTuple):
  """What a run has to say at its end.

  Attributes:
    finished: whether all steps were done.
    steps: outer steps done.
    seconds: time spent, over all sessions of the run.
    first: mean metrics of this session's first steps, if there were any.
    last: mean metrics of this session's last steps, if there were any.
    inner_learning_rates: knots as they stand.
    first_calls: what this session compiled, and how long that took.
    lost_slots: how often each task slot of this process was lost, by bucket.
    validations: this session's scores on held-out tasks, with their steps.
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


class RunLog:
  """Tells of a run's steps, and saves it.

  Of several processes that share a run, only the first prints and writes; all
  have to call `save`.

  Args:
    run: the run.
    num_steps: outer steps at which it is done.
  """

  def __init__(self, run: Run, num_steps: int):
    self._run, self._num_steps = run, num_steps
    self._began = time.monotonic() - run.folder.seconds
    self._speaks = is_chief(run.trainer.strategy)
    self._writer = None
    if self._speaks and run.trainer.step < num_steps:
      self._writer = SummaryWriter(run.folder.tensorboard_path)
      write_hyper_parameters(
        self._writer,
        run.trainer.config,
        run.metadata.tasks,
        run.folder.path,
      )
      self._writer.charts(meta_training_charts())
      print("Compiling the first step ...", flush=True)
    self._progress = Progress(num_steps, unit="meta-step")
    self._compiled = 0
    self._history: list[MetaMetrics] = []
    self._validations: list[tuple[int, ValidationScore]] = []

  def on_step(self, step: int, metrics: MetaMetrics) -> None:
    """Takes down the metrics of an outer step."""
    self._history.append(metrics)
    if not self._speaks:
      return
    self._tell_of_compiling()
    scalars = {f"meta/{name}": each for name, each in metrics._asdict().items()}
    self._writer.scalars(
      step, {**scalars, **part_curves(self._run.trainer.parts)}
    )
    self._progress.update(
      step,
      loss=metrics.loss,
      accuracy=metrics.accuracy,
      skipped=metrics.skipped,
    )

  def validate(self) -> None:
    """Scores the rule on held-out tasks, and keeps the best one."""
    if not self._speaks:
      return
    trainer, rule, folder, _, validation, _ = self._run
    score = validation.score(trainer.parameters())
    self._validations.append((trainer.step, score))
    scalars = {f"validation/{k}": v for k, v in score._asdict().items()}
    self._writer.scalars(trainer.step, scalars)
    is_best = keep_best(rule, folder.best_rule_path, self._metadata(), score)
    print(
      f"meta-validation at step {trainer.step}: loss {score.loss:.4f}, "
      f"accuracy {score.accuracy:.4f}{', the best so far' if is_best else ''}",
      flush=True,
    )

  def save(self) -> None:
    """Writes a checkpoint, the rule, and what TensorBoard shows of it."""
    trainer, rule, folder, *_ = self._run
    trainer.store()
    if not self._speaks:
      return
    folder.save(time.monotonic() - self._began)
    rule.save_preset(folder.rule_path, self._metadata())
    if self._writer is not None:
      self._show_rule()
      self._writer.flush()

  def summary(self) -> Summary:
    """All that there is to say."""
    trainer = self._run.trainer
    return Summary(
      finished=trainer.step >= self._num_steps,
      steps=trainer.step,
      seconds=time.monotonic() - self._began,
      first=_mean(self._history[:_TABLE_STEPS]),
      last=_mean(self._history[-_TABLE_STEPS:]),
      inner_learning_rates=trainer.inner_learning_rates,
      first_calls=tuple(trainer.first_calls),
      lost_slots=tuple(tuple(each.tolist()) for each in trainer.lost_slots),
      validations=tuple(self._validations),
    )

  def _show_rule(self) -> None:
    trainer, rule, view = self._run.trainer, self._run.rule, self._run.view
    now = self._writer, trainer.step, rule, trainer.inner_learning_rates
    write_parameters(*now)
    if view is not None:
      view.write(*now)

  def _metadata(self) -> presets.PresetMetadata:
    trainer = self._run.trainer
    return dataclasses.replace(
      self._run.metadata,
      outer_steps=trainer.step,
      wall_time_seconds=round(time.monotonic() - self._began, 1),
      inner_learning_rates=trainer.inner_learning_rates,
    )

  def _tell_of_compiling(self) -> None:
    calls = self._run.trainer.first_calls[self._compiled :]
    for buckets, seconds in calls:
      print(
        f"Compiled {' and '.join(buckets)}, and ran it once, in "
        f"{format_seconds(seconds)}.",
        flush=True,
      )
      # The speed is that of the steps that do not compile.
      self._progress = Progress(self._num_steps, unit="meta-step")
    self._compiled += len(calls)


def report_run(summary: Summary) -> str:
  """The run's table."""
  if summary.first is None:
    return f"The run was done before: {summary.steps} meta-steps."
  rows = [
    [name.replace("_", " "), f"{first:.4f}", f"{last:.4f}"]
    for name, first, last in zip(
      MetaMetrics._fields, summary.first, summary.last
    )
  ]
  headers = [
    "mean of",
    *(f"{w} {_TABLE_STEPS} steps" for w in ("first", "last")),
  ]
  table = format_table(headers, rows)
  rates = ", ".join(f"{rate:.4g}" for rate in summary.inner_learning_rates)
  text = (
    f"{table}\n{summary.steps} meta-steps in "
    f"{format_seconds(summary.seconds)}; inner learning rates: {rates}"
  )
  if summary.validations:
    rows = [
      [str(step), f"{score.loss:.4f}", f"{100 * score.accuracy:.1f}"]
      for step, score in summary.validations
    ]
    headers = ["meta-validation at step", "loss", "accuracy in %"]
    text += f"\n\n{format_table(headers, rows)}"
  return text


def _mean(history: list[MetaMetrics]) -> MetaMetrics | None:
  if not history:
    return None
  return MetaMetrics(*(sum(each) / len(history) for each in zip(*history)))
