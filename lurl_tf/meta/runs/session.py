# SPDX-License-Identifier: Apache-2.0
"""Sessions of a meta-training run: prepares or resumes it, and trains."""

import contextlib
import os
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.meta.runs.callback import Callback, Summary
from lurl_tf.meta.runs.card import rule_metadata
from lurl_tf.meta.runs.folder import RunFolder
from lurl_tf.meta.runs.interruption import Interruption
from lurl_tf.meta.runs.log import Run, RunLog
from lurl_tf.meta.strategy import is_chief
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.meta.validation import VALIDATION_SEED, Validation
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.distributions import load_samplers


def prepare_run(
  config: MetaTrainConfig,
  logdir: str | os.PathLike[str] | None,
  tasks_name: str = "",
  command: str = "",
  data_dir: str | None = None,
  validate: bool = False,
  strategy: tf.distribute.Strategy | None = None,
  steps_per_call: int = 1,
  slots_per_program: int | None = None,
  initial_rule: UpdateRule | None = None,
  callbacks: Sequence[Callback] = (),
) -> Run:
  """Checks all arguments, and restores the state that the log folder holds.

  Args:
    config: `MetaTrainConfig` of the run.
    logdir: Log folder of the run; None keeps nothing on disk.
    tasks_name: Name of the task distribution, for the metadata.
    command: Command line, for the metadata.
    data_dir: Folder of prepared data sets, see `load_examples`.
    validate: Whether the run will be scored on validation tasks.
    strategy: `tf.distribute.Strategy` of the replicas; default: one replica.
    steps_per_call: Integer number of outer steps in one call of a compiled
      function.
    slots_per_program: See `MetaTrainer`; default: that of `MetaTrainer`.
    initial_rule: `UpdateRule` whose meta-parameters the run starts from, and
      which is trained; default: random ones.
    callbacks: `Callback`s of the run.

  Returns:
    `Run`.

  Raises:
    OSError: If the log folder cannot be written.
    ValueError: If a data set is missing or too small for the tasks, or if the
      log folder is in use or holds another run.
  """
  samplers = load_samplers(config.tasks, "meta_train", data_dir, config.seed)
  validation = None
  if validate:
    # The seed is not the run's: all runs are compared on the same tasks.
    held_out = load_samplers(
      config.tasks, "meta_validation", data_dir, VALIDATION_SEED
    )
    validation = Validation(held_out, config)
  rule = initial_rule or UpdateRule(
    config.rule, config.seed, config.term_coefficient
  )
  metadata = rule_metadata(
    config, samplers[0], tasks_name, command, initial_rule
  )
  trainer = MetaTrainer(
    rule,
    samplers,
    config,
    strategy,
    steps_per_call=steps_per_call,
    slots_per_program=slots_per_program,
  )
  folder = None
  if logdir is not None:
    folder = RunFolder(
      logdir,
      {
        "tasks": tasks_name,
        "replicas": trainer.replicas,
        "initial_rule": metadata.initial_rule,
        "config": trainer.config.to_json(),
      },
      lock=is_chief(trainer.strategy),
    )
  try:
    if folder and folder.restore(trainer.checkpoint, trainer.step_variable):
      trainer.load()
      print(
        f"Resuming from outer step {trainer.step} of {folder.path}.", flush=True
      )
    for callback in callbacks:
      callback.on_begin(trainer.config, samplers)
  except BaseException:
    if folder:
      folder.release()
    raise
  return Run(trainer, rule, folder, metadata, validation, tuple(callbacks))


def continue_run(
  run: Run,
  num_steps: int | None,
  checkpoint_every: int,
  validate_every: int = 0,
  hours: float | None = None,
  keep_rules_at: Sequence[int] = (),
) -> Summary:
  """Trains until the run is complete or interrupted.

  Where several processes share the run, each calls this; the first one writes.

  Args:
    run: `Run` of `prepare_run`.
    num_steps: Integer number of outer steps of the whole run; None for a run
      that ends after `hours`.
    checkpoint_every: Integer number of outer steps between checkpoints.
    validate_every: Integer number of outer steps between validations; 0 for
      none.
    hours: Hours of the whole run, over all sessions; None for any.
    keep_rules_at: Outer steps whose rules are kept in the log folder.

  Returns:
    `Summary`. The log folder holds the rule and the best one.

  Raises:
    OSError: If a checkpoint cannot be written; the older ones are kept.
    ValueError: If a number of steps is not a multiple of the steps of a call,
      or a rule is to be kept of a step that is over.
  """
  trainer = run.trainer
  # Whatever fails from here on, other processes can use the folder.
  with run.folder or contextlib.nullcontext(), Interruption() as interruption:
    check_cadence(
      trainer.steps_per_call, checkpoint_every, validate_every, keep_rules_at
    )
    _check_kept_rules(run, keep_rules_at)
    log = RunLog(run, num_steps, hours)
    # A complete run has nothing to add to its files.
    unsaved = not log.is_done()
    while not log.is_done() and not trainer.stopped:
      trainer.train(
        _steps_to_next(
          trainer.step,
          num_steps,
          (checkpoint_every, validate_every),
          keep_rules_at,
        ),
        log.on_step,
        lambda: interruption.requested or log.is_time_up(),
      )
      if validate_every and trainer.step % validate_every == 0:
        log.validate()
      # Before the checkpoint, after which this step is not repeated.
      if trainer.step in keep_rules_at:
        log.keep_rule()
      unsaved = trainer.step % checkpoint_every != 0
      if not unsaved:
        log.save()
    if unsaved:
      log.save()
    run.rule.metadata = log.metadata()
  summary = log.summary(interruption.requested)
  for callback in run.callbacks:
    callback.on_end(summary)
  return summary


def check_cadence(
  steps_per_call: int,
  checkpoint_every: int,
  validate_every: int,
  keep_rules_at: Sequence[int] = (),
) -> None:
  """Checks that calls end at the steps where something is to be done.

  Args:
    steps_per_call: Integer number of outer steps of a call.
    checkpoint_every: Integer number of outer steps between checkpoints.
    validate_every: Integer number of outer steps between validations.
    keep_rules_at: Outer steps whose rules are kept.

  Raises:
    ValueError: If one of them is not a multiple of `steps_per_call`.
  """
  for name, value in (
    ("checkpoint_every", checkpoint_every),
    ("validate_every", validate_every),
    *(("keep_rules_at", step) for step in keep_rules_at),
  ):
    if value % steps_per_call:
      raise ValueError(
        f"`{name}` must be a multiple of `steps_per_call`. Received: "
        f"{name}={value}, steps_per_call={steps_per_call}"
      )


def _check_kept_rules(run: Run, steps: Sequence[int]) -> None:
  for step in steps:
    if run.folder is None:
      raise ValueError(
        "`keep_rules_at` needs a log folder. Received: "
        f"keep_rules_at={tuple(steps)}, logdir=None"
      )
    path = run.folder.kept_rule_path(step)
    if step <= run.trainer.step and not tf.io.gfile.isdir(path):
      raise ValueError(
        "`keep_rules_at` must be steps that the run has not done. Received: "
        f"keep_rules_at={tuple(steps)}, of a run of {run.trainer.step} steps"
      )


def _steps_to_next(
  step: int,
  num_steps: int | None,
  cadences: Sequence[int],
  ends: Sequence[int],
) -> int:
  """Number of steps until a checkpoint, a validation or the like."""
  following = [step - step % every + every for every in cadences if every]
  following += [end for end in ends if end > step]
  if num_steps is not None:
    following.append(num_steps)
  return min(following) - step
