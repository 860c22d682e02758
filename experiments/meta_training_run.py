# SPDX-License-Identifier: Apache-2.0
"""A meta-training run in a log folder: takes it up, goes on, reports."""

import dataclasses
import time
from typing import Any, NamedTuple

from experiments.interruption import Interruption
from experiments.progress import Progress, format_seconds
from experiments.results import format_table
from lurl_tf import presets
from lurl_tf.meta import MetaMetrics, MetaTrainConfig, MetaTrainer
from lurl_tf.meta.run_folder import RunFolder
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tasks import TaskSampler

_TABLE_STEPS = 20


class Run(NamedTuple):
  """A run that is ready to begin or to go on.

  Attributes:
    trainer: does the outer steps, in place.
    rule: what it trains.
    folder: where the run is kept.
    metadata: of the rule, as far as it is known before the steps.
  """

  trainer: MetaTrainer
  rule: UpdateRule
  folder: RunFolder
  metadata: presets.PresetMetadata


class Summary(NamedTuple):
  """What a run has to say at its end.

  Attributes:
    finished: whether all steps were done.
    steps: outer steps done.
    seconds: time spent, over all sessions of the run.
    first: mean metrics of this session's first steps, if there were any.
    last: mean metrics of this session's last steps, if there were any.
    inner_learning_rates: knots as they stand.
  """

  finished: bool
  steps: int
  seconds: float
  first: MetaMetrics | None
  last: MetaMetrics | None
  inner_learning_rates: tuple[float, ...]


def prepare_run(
  config: MetaTrainConfig,
  examples: LabelledExamples,
  logdir: str,
  description: dict[str, Any],
  command: str = "",
) -> Run:
  """Checks everything, and takes up what the log folder holds.

  Args:
    config: the run.
    examples: the data set that tasks are drawn from.
    logdir: the run's folder.
    description: what decides the run beside `config`, such as the data set.
    command: the command line, for the rule's metadata.

  Returns:
    The run.

  Raises:
    OSError: if the log folder cannot be written.
    ValueError: if the data set does not have what the tasks need, or the log
      folder holds a run of another description.
  """
  sampler = TaskSampler(examples, config.episodes, config.seed)
  rule = UpdateRule(config.rule, seed=config.seed)
  trainer = MetaTrainer(rule, sampler, config)
  folder = RunFolder(logdir, {**description, "config": config.to_json()})
  if folder.restore(trainer.checkpoint, trainer.step_variable):
    print(f"Going on from step {trainer.step} of {logdir}.", flush=True)
  metadata = presets.PresetMetadata(
    command=command,
    tasks=str(description.get("tasks", "")),
    seed=config.seed,
    units=config.units,
    activation=config.unroll.activation,
    batch_size=config.episodes.batch_size,
    image_size=examples.image_shape[0],
    inner_steps=config.max_horizon,
  )
  return Run(trainer, rule, folder, metadata)


def continue_run(run: Run, num_steps: int, checkpoint_every: int) -> Summary:
  """Does the outer steps that are left.

  Args:
    run: from `prepare_run`.
    num_steps: outer steps at which the run is done.
    checkpoint_every: outer steps between checkpoints.

  Returns:
    `Summary`; the rule lies in the log folder.
  """
  trainer, rule, folder, metadata = run
  writer = SummaryWriter(folder.path / "tensorboard")
  progress = Progress(num_steps, unit="meta-step")
  began = time.monotonic() - folder.seconds
  history: list[MetaMetrics] = []

  def save():
    folder.save(time.monotonic() - began)
    rule.save_preset(
      folder.rule_path,
      dataclasses.replace(
        metadata,
        meta_steps=trainer.step,
        wall_time_seconds=round(time.monotonic() - began, 1),
        inner_learning_rates=trainer.inner_learning_rates,
      ),
    )
    writer.flush()

  with Interruption() as interruption:
    while trainer.step < num_steps and not interruption.requested:
      if not history:
        print("Compiling the first step ...", flush=True)
      metrics = trainer.train(1)
      history.append(metrics)
      writer.scalars(
        trainer.step,
        {f"meta/{name}": value for name, value in metrics._asdict().items()},
      )
      progress.update(
        trainer.step,
        loss=metrics.loss,
        accuracy=metrics.accuracy,
        skipped=metrics.skipped,
      )
      if trainer.step % checkpoint_every == 0:
        save()
    save()
  return Summary(
    finished=trainer.step >= num_steps,
    steps=trainer.step,
    seconds=time.monotonic() - began,
    first=_mean(history[:_TABLE_STEPS]),
    last=_mean(history[-_TABLE_STEPS:]),
    inner_learning_rates=trainer.inner_learning_rates,
  )


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
  return (
    f"{table}\n{summary.steps} meta-steps in "
    f"{format_seconds(summary.seconds)}; inner learning rates: {rates}"
  )


def _mean(history: list[MetaMetrics]) -> MetaMetrics | None:
  if not history:
    return None
  return MetaMetrics(*(sum(each) / len(history) for each in zip(*history)))
