# SPDX-License-Identifier: Apache-2.0
"""A meta-training run in a log folder: takes it up, goes on, reports."""

import dataclasses
import time
from typing import NamedTuple

from experiments.best_rule import keep_best
from experiments.interruption import Interruption
from experiments.progress import Progress, format_seconds
from experiments.results import format_table
from lurl_tf import presets
from lurl_tf.meta import MetaMetrics, MetaTrainConfig, MetaTrainer
from lurl_tf.meta.run_folder import RunFolder
from lurl_tf.meta.validation import (
  VALIDATION_SEED,
  Validation,
  ValidationScore,
)
from lurl_tf.rule import UpdateRule
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tasks import load_samplers

_TABLE_STEPS = 20


class Run(NamedTuple):
  """A run that is ready to begin or to go on.

  Attributes:
    trainer: does the outer steps, in place.
    rule: what it trains.
    folder: where the run is kept.
    metadata: of the rule, as far as it is known before the steps.
    validation: scores the rule on held-out classes and fonts, if asked for.
  """

  trainer: MetaTrainer
  rule: UpdateRule
  folder: RunFolder
  metadata: presets.PresetMetadata
  validation: Validation | None = None


class Summary(NamedTuple):
  """What a run has to say at its end.

  Attributes:
    finished: whether all steps were done.
    steps: outer steps done.
    seconds: time spent, over all sessions of the run.
    first: mean metrics of this session's first steps, if there were any.
    last: mean metrics of this session's last steps, if there were any.
    inner_learning_rates: knots as they stand.
    validations: this session's scores on held-out tasks, with their steps.
  """

  finished: bool
  steps: int
  seconds: float
  first: MetaMetrics | None
  last: MetaMetrics | None
  inner_learning_rates: tuple[float, ...]
  validations: tuple[tuple[int, ValidationScore], ...] = ()


def prepare_run(
  config: MetaTrainConfig,
  logdir: str,
  tasks_name: str = "",
  command: str = "",
  data_dir: str | None = None,
  validate: bool = False,
) -> Run:
  """Checks everything, and takes up what the log folder holds.

  Args:
    config: the run.
    logdir: the run's folder.
    tasks_name: what the task distribution is called, for the metadata.
    command: the command line, for the rule's metadata.
    data_dir: where prepared data sets are, see `load_examples`.
    validate: whether the run will be scored on held-out classes and fonts.

  Returns:
    The run.

  Raises:
    OSError: if the log folder cannot be written.
    ValueError: if a data set is missing or does not have what the tasks need,
      or the log folder holds a run of another description.
  """
  samplers = load_samplers(config.tasks, "meta_train", data_dir, config.seed)
  validation = None
  if validate:
    # Not the run's own seed: runs are chosen among by the same tasks.
    held_out = load_samplers(
      config.tasks, "meta_validation", data_dir, VALIDATION_SEED
    )
    validation = Validation(held_out, config)
  rule = UpdateRule(config.rule, seed=config.seed)
  trainer = MetaTrainer(rule, samplers, config)
  folder = RunFolder(
    logdir,
    {"tasks": tasks_name, "config": config.to_json()},
    defaults={"config": MetaTrainConfig().to_json()},
  )
  if folder.restore(trainer.checkpoint, trainer.step_variable):
    print(f"Going on from step {trainer.step} of {logdir}.", flush=True)
  bucket, image_shape = config.tasks.buckets[0], samplers[0].image_shape
  metadata = presets.PresetMetadata(
    command=command,
    tasks=tasks_name,
    seed=config.seed,
    units=bucket.units,
    activation=bucket.activation,
    batch_size=bucket.episodes.batch_size,
    image_size=image_shape[0] if len(image_shape) == 3 else None,
    inner_steps=config.max_horizon,
    inner_optimizer=config.inner_optimizer.to_text(),
  )
  return Run(trainer, rule, folder, metadata, validation)


def continue_run(
  run: Run, num_steps: int, checkpoint_every: int, validate_every: int = 0
) -> Summary:
  """Does the outer steps that are left.

  Args:
    run: from `prepare_run`.
    num_steps: outer steps at which the run is done.
    checkpoint_every: outer steps between checkpoints.
    validate_every: outer steps between scores on held-out classes and fonts;
      0 for none.

  Returns:
    `Summary`; the rule lies in the log folder, and the best one beside it.
  """
  trainer, rule, folder, metadata, validation = run
  writer = SummaryWriter(folder.path / "tensorboard")
  began = time.monotonic() - folder.seconds
  history: list[MetaMetrics] = []
  validations: list[tuple[int, ValidationScore]] = []

  def metadata_now():
    return dataclasses.replace(
      metadata,
      meta_steps=trainer.step,
      wall_time_seconds=round(time.monotonic() - began, 1),
      inner_learning_rates=trainer.inner_learning_rates,
    )

  def save():
    folder.save(time.monotonic() - began)
    rule.save_preset(folder.rule_path, metadata_now())
    writer.flush()

  def validate():
    score = validation.score(trainer.parameters())
    validations.append((trainer.step, score))
    scalars = {f"validation/{k}": v for k, v in score._asdict().items()}
    writer.scalars(trainer.step, scalars)
    is_best = keep_best(rule, folder.best_rule_path, metadata_now(), score)
    print(
      f"meta-validation at step {trainer.step}: loss {score.loss:.4f}, "
      f"accuracy {score.accuracy:.4f}{', the best so far' if is_best else ''}",
      flush=True,
    )

  with Interruption() as interruption:
    while trainer.step < num_steps and not interruption.requested:
      if not history:
        count = len(trainer.groups)
        functions = "the step" if count == 1 else f"{count} buckets' steps"
        print(f"Compiling {functions} ...", flush=True)
      metrics = trainer.train(1)
      history.append(metrics)
      if len(history) <= len(trainer.groups):
        # The first step of a bucket compiles: the speed is that of the others.
        progress = Progress(num_steps, unit="meta-step")
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
      if validate_every and trainer.step % validate_every == 0:
        validate()
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
    validations=tuple(validations),
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
