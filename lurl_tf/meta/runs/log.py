# SPDX-License-Identifier: Apache-2.0
"""Progress lines, curves and files of a meta-training run."""

import dataclasses
import time
from typing import NamedTuple

from lurl_tf import presets
from lurl_tf.meta.metrics import MetaMetrics
from lurl_tf.meta.runs import card
from lurl_tf.meta.runs.best_rule import keep_best
from lurl_tf.meta.runs.callback import Callback, RunState, Summary
from lurl_tf.meta.runs.curves import (
  meta_training_charts,
  part_curves,
  write_hyper_parameters,
)
from lurl_tf.meta.runs.folder import RunFolder
from lurl_tf.meta.runs.progress import Progress, format_seconds
from lurl_tf.meta.strategy import is_chief
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.meta.validation import Validation, ValidationScore
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.summaries import SummaryWriter

# Steps at either end of a session whose metrics `Summary` averages.
SUMMARY_STEPS = 20


class Run(NamedTuple):
  """A run that is ready to begin or to resume.

  Attributes:
    trainer: `MetaTrainer` of the run.
    rule: `UpdateRule` that it trains.
    folder: `RunFolder` of the run; None keeps nothing on disk.
    metadata: `PresetMetadata` of the rule that are known before the steps.
    validation: `Validation` of the run; None for none.
    callbacks: `Callback`s of the run.
  """

  trainer: MetaTrainer
  rule: UpdateRule
  folder: RunFolder | None
  metadata: presets.PresetMetadata
  validation: Validation | None = None
  callbacks: tuple[Callback, ...] = ()


class RunLog:
  """Prints, writes and saves the results of a run's steps.

  Of several processes that share a run, only the first prints and writes; all
  have to call `save`.

  Args:
    run: `Run`.
    num_steps: Integer number of outer steps of the whole run; None for a run
      that ends after `hours`.
    hours: Hours of the whole run, over all sessions; None for any.
  """

  def __init__(
    self, run: Run, num_steps: int | None, hours: float | None = None
  ):
    self._run, self._num_steps, self._hours = run, num_steps, hours
    spent = 0.0 if run.folder is None else run.folder.seconds
    self._began = time.monotonic() - spent
    self._was_done = self._has_all_steps() or self._exceeds_hours(spent)
    self._is_chief = is_chief(run.trainer.strategy)
    self._writer = None
    if self._is_chief and not self._was_done:
      self._writer = self._open_writer()
      print("Compiling the first step ...", flush=True)
    earlier = _saved_metadata(run)
    self._curve, self._validation_curve = (
      card.CardCurve(points, run.trainer.step)
      for points in (earlier.curve, earlier.validation_curve)
    )
    self._progress = self._new_progress()
    self._compiled = 0
    self._history: list[MetaMetrics] = []
    self._saved_steps = 0
    self._validations: list[tuple[int, ValidationScore]] = []

  @property
  def seconds(self) -> float:
    """Seconds spent on the run, over all sessions."""
    return time.monotonic() - self._began

  def is_done(self) -> bool:
    """Whether all steps are done, or the hours were over at the start."""
    return self._was_done or self._has_all_steps()

  def is_time_up(self) -> bool:
    """Whether the hours of the run are over."""
    return self._exceeds_hours(self.seconds)

  def on_step(self, step: int, metrics: MetaMetrics) -> None:
    """Records the metrics of an outer step.

    Args:
      step: Integer number of outer steps done.
      metrics: `MetaMetrics` of the step.
    """
    self._history.append(metrics)
    if not self._is_chief:
      return
    self._report_compilations()
    if self._writer is not None:
      scalars = {f"meta/{name}": v for name, v in metrics._asdict().items()}
      self._writer.scalars(
        step, {**scalars, **part_curves(self._run.trainer.parts)}
      )
    self._progress.update(
      step,
      loss=metrics.loss,
      accuracy=metrics.accuracy,
      skipped=metrics.skipped,
    )
    for callback in self._run.callbacks:
      callback.on_step(step, metrics)

  def validate(self) -> None:
    """Scores the rule on validation tasks, and keeps the best one."""
    if not self._is_chief:
      return
    trainer, folder = self._run.trainer, self._run.folder
    score = self._run.validation.score(trainer.parameters())
    self._validations.append((trainer.step, score))
    self._validation_curve.add(trainer.step, [score.loss], [score.accuracy])
    is_best = False
    if self._writer is not None:
      scalars = {f"validation/{k}": v for k, v in score._asdict().items()}
      self._writer.scalars(trainer.step, scalars)
    if folder is not None:
      is_best = keep_best(
        self._run.rule, folder.best_rule_path, self._metadata(), score
      )
    print(
      f"validation at outer step {trainer.step}: loss {score.loss:.4f}, "
      f"accuracy {score.accuracy:.4f}{', the best so far' if is_best else ''}",
      flush=True,
    )
    for callback in self._run.callbacks:
      callback.on_validation(trainer.step, score)

  def save(self) -> None:
    """Writes a checkpoint and the rule, and calls `on_checkpoint`."""
    trainer, rule, folder = self._run.trainer, self._run.rule, self._run.folder
    trainer.store()
    since_saved = self._history[self._saved_steps :]
    self._saved_steps = len(self._history)
    self._curve.add(
      trainer.step,
      [each.loss for each in since_saved],
      [each.accuracy for each in since_saved],
    )
    if not self._is_chief:
      return
    metadata = self._metadata()
    if folder is not None:
      folder.save(self.seconds)
      rule.save_preset(folder.rule_path, metadata)
    state = RunState(
      trainer.step, rule, trainer.inner_learning_rates, self._writer
    )
    for callback in self._run.callbacks:
      callback.on_checkpoint(state)
    if self._writer is not None:
      self._writer.flush()

  def keep_rule(self) -> None:
    """Keeps the rule of this step beside the run's rule."""
    if self._is_chief:
      step = self._run.trainer.step
      path = self._run.folder.kept_rule_path(step)
      self._run.rule.save_preset(path, self._metadata())

  def summary(self, interrupted: bool = False) -> Summary:
    """Summarizes the run.

    Args:
      interrupted: Whether a signal ended the session.
    """
    trainer = self._run.trainer
    time_is_up = not interrupted and self.is_time_up()
    return Summary(
      finished=self.is_done() or time_is_up,
      steps=trainer.step,
      seconds=self.seconds,
      first=_mean(self._history[:SUMMARY_STEPS]),
      last=_mean(self._history[-SUMMARY_STEPS:]),
      inner_learning_rates=trainer.inner_learning_rates,
      first_calls=tuple(trainer.first_calls),
      lost_slots=tuple(tuple(each.tolist()) for each in trainer.lost_slots),
      validations=tuple(self._validations),
    )

  def _metadata(self) -> presets.PresetMetadata:
    trainer, scores = self._run.trainer, self._validation_curve.points
    is_scored = scores and scores[-1].step == trainer.step
    return dataclasses.replace(
      self._run.metadata,
      checksum=card.rule_checksum(self._run.rule),
      outer_steps=trainer.step,
      wall_time_seconds=round(self.seconds, 1),
      inner_learning_rates=trainer.inner_learning_rates,
      validation=scores[-1] if is_scored else None,
      curve=self._curve.points,
      validation_curve=scores,
    )

  def metadata(self) -> presets.PresetMetadata:
    """Metadata of the rule after the steps done."""
    saved = _saved_metadata(self._run)
    if saved.checksum and saved.outer_steps == self._run.trainer.step:
      return saved
    return self._metadata()

  def _has_all_steps(self) -> bool:
    step = self._run.trainer.step
    return self._num_steps is not None and step >= self._num_steps

  def _exceeds_hours(self, seconds: float) -> bool:
    return self._hours is not None and seconds >= 3600 * self._hours

  def _open_writer(self) -> SummaryWriter | None:
    folder = self._run.folder
    if folder is None:
      return None
    writer = SummaryWriter(folder.tensorboard_path)
    write_hyper_parameters(
      writer, self._run.trainer.config, self._run.metadata.tasks, folder.path
    )
    writer.charts(meta_training_charts())
    return writer

  def _new_progress(self) -> Progress:
    seconds_left = None
    if self._hours is not None:
      end = 3600 * self._hours

      def seconds_left():
        return end - self.seconds

    return Progress(
      self._num_steps, unit="outer step", seconds_left=seconds_left
    )

  def _report_compilations(self) -> None:
    calls = self._run.trainer.first_calls[self._compiled :]
    for buckets, seconds in calls:
      print(
        f"Compiled {' and '.join(buckets)}, and ran it once, in "
        f"{format_seconds(seconds)}.",
        flush=True,
      )
      # The reported speed is that of steps that do not compile.
      self._progress = self._new_progress()
    self._compiled += len(calls)


def _saved_metadata(run: Run) -> presets.PresetMetadata:
  """Metadata of the rule in the log folder; of no rule if there is none."""
  if run.folder is None or not run.trainer.step:
    return presets.PresetMetadata()
  try:
    return presets.load(run.folder.rule_path).metadata
  except (FileNotFoundError, ValueError):
    return presets.PresetMetadata()


def _mean(history: list[MetaMetrics]) -> MetaMetrics | None:
  if not history:
    return None
  return MetaMetrics(*(sum(each) / len(history) for each in zip(*history)))
