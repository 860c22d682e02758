# SPDX-License-Identifier: Apache-2.0
"""A meta-training run in a log folder: takes it up, and goes on."""

import tensorflow as tf

from experiments.common.interruption import Interruption
from experiments.training.rule_summaries import InnerTrainingView
from experiments.training.run_log import Run, RunLog, Summary
from lurl_tf import presets
from lurl_tf.meta import MetaTrainConfig, MetaTrainer
from lurl_tf.meta.runs.folder import RunFolder
from lurl_tf.meta.strategy import is_chief
from lurl_tf.meta.validation import VALIDATION_SEED, Validation
from lurl_tf.rule import UpdateRule
from lurl_tf.tasks import TaskSampler, load_samplers


def prepare_run(
  config: MetaTrainConfig,
  logdir: str,
  tasks_name: str = "",
  command: str = "",
  data_dir: str | None = None,
  validate: bool = False,
  strategy: tf.distribute.Strategy | None = None,
  steps_per_call: int = 1,
  slots_per_program: int | None = None,
  show_inner_training: bool = False,
  initial_rule: UpdateRule | None = None,
) -> Run:
  """Checks everything, and takes up what the log folder holds.

  Args:
    config: the run.
    logdir: the run's folder.
    tasks_name: what the task distribution is called, for the metadata.
    command: the command line, for the rule's metadata.
    data_dir: where prepared data sets are, see `load_examples`.
    validate: whether the run will be scored on held-out classes and fonts.
    strategy: how replicas are distributed; default: one replica.
    steps_per_call: outer steps in one call of a compiled function.
    slots_per_program: see `MetaTrainer`.
    show_inner_training: whether TensorBoard shows what the rule does to one
      base network, at every checkpoint.
    initial_rule: whose meta-parameters the run starts from; default: random
      ones.

  Returns:
    The run.

  Raises:
    OSError: if the log folder cannot be written.
    ValueError: if a data set is missing or does not have what the tasks need,
      or the log folder holds a run of another description, or is in use.
  """
  samplers = load_samplers(config.tasks, "meta_train", data_dir, config.seed)
  validation = None
  if validate:
    # Not the run's own seed: runs are chosen among by the same tasks.
    held_out = load_samplers(
      config.tasks, "meta_validation", data_dir, VALIDATION_SEED
    )
    validation = Validation(held_out, config)
  rule = initial_rule or UpdateRule(
    config.rule, config.seed, config.term_coefficient
  )
  trainer = MetaTrainer(
    rule,
    samplers,
    config,
    strategy,
    steps_per_call=steps_per_call,
    slots_per_program=slots_per_program,
  )
  metadata = rule_metadata(
    config, samplers[0], tasks_name, command, initial_rule
  )
  view = None
  if show_inner_training:
    view = InnerTrainingView(samplers[0].data_sets[0].usable_examples(), config)
  # Last: nobody releases the folder if something else cannot be made.
  folder = RunFolder(
    logdir,
    {
      "tasks": tasks_name,
      "replicas": trainer.replicas,
      "initial_rule": metadata.initial_rule,
      "config": config.to_json(),
    },
    lock=is_chief(trainer.strategy),
  )
  try:
    if folder.restore(trainer.checkpoint, trainer.step_variable):
      trainer.load()
      print(f"Going on from step {trainer.step} of {logdir}.", flush=True)
  except BaseException:
    folder.release()
    raise
  return Run(trainer, rule, folder, metadata, validation, view)


def rule_metadata(
  config: MetaTrainConfig,
  sampler: TaskSampler,
  tasks_name: str,
  command: str = "",
  initial_rule: UpdateRule | None = None,
) -> presets.PresetMetadata:
  """What is known of a run's rule before its steps.

  Args:
    config: the run.
    sampler: of its first bucket.
    tasks_name: what the task distribution is called.
    command: the command line.
    initial_rule: whose meta-parameters the run starts from, if not random.
  """
  bucket, image_shape = config.tasks.buckets[0], sampler.image_shape
  return presets.PresetMetadata(
    command=command,
    initial_rule=initial_rule and initial_rule.metadata.checksum,
    tasks=tasks_name,
    seed=config.seed,
    units=bucket.units,
    activation=bucket.activation,
    batch_size=bucket.episodes.batch_size,
    image_size=image_shape[0] if len(image_shape) == 3 else None,
    inner_steps=config.max_horizon,
    inner_optimizer=config.inner_optimizer.to_text(),
  )


def continue_run(
  run: Run, num_steps: int, checkpoint_every: int, validate_every: int = 0
) -> Summary:
  """Does the outer steps that are left.

  Where several processes share the run, each calls this; the first one writes.

  Args:
    run: from `prepare_run`.
    num_steps: outer steps at which the run is done.
    checkpoint_every: outer steps between checkpoints.
    validate_every: outer steps between scores on held-out classes and fonts;
      0 for none.

  Returns:
    `Summary`; the rule lies in the log folder, and the best one beside it.

  Raises:
    OSError: if a checkpoint could not be written; the older ones are left.
    ValueError: if a number of steps is no multiple of the steps of a call.
  """
  trainer = run.trainer
  # The folder is free for others after whatever fails from here on.
  with run.folder, Interruption() as interruption:
    check_cadence(trainer.steps_per_call, checkpoint_every, validate_every)
    log = RunLog(run, num_steps)
    # A run that is done already has nothing to add to its files.
    unsaved = trainer.step < num_steps
    while trainer.step < num_steps and not trainer.stopped:
      trainer.train(
        _steps_to_next(
          trainer.step, num_steps, checkpoint_every, validate_every
        ),
        log.on_step,
        lambda: interruption.requested,
      )
      if validate_every and trainer.step % validate_every == 0:
        log.validate()
      unsaved = trainer.step % checkpoint_every != 0
      if not unsaved:
        log.save()
    if unsaved:
      log.save()
  return log.summary()


def check_cadence(
  steps_per_call: int, checkpoint_every: int, validate_every: int
) -> None:
  """Raises ValueError unless calls end where something is to be done."""
  for name, value in (
    ("checkpoint_every", checkpoint_every),
    ("validate_every", validate_every),
  ):
    if value % steps_per_call:
      raise ValueError(
        f"`{name}` must be a multiple of `steps_per_call`. Received: "
        f"{name}={value}, steps_per_call={steps_per_call}"
      )


def _steps_to_next(step: int, num_steps: int, *cadences: int) -> int:
  """Steps until something is to be done."""
  ends = [step - step % every + every for every in cadences if every]
  return min(num_steps, *ends) - step
