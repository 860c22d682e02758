# SPDX-License-Identifier: Apache-2.0
"""Meta-trains a rule in one call: folder, checkpoints, validation, resume."""

import dataclasses
import os
from collections.abc import Sequence

import tensorflow as tf

from lurl_tf.meta.runs.callback import Callback
from lurl_tf.meta.runs.description import read_config_fields
from lurl_tf.meta.runs.session import (
  check_cadence,
  continue_run,
  prepare_run,
)
from lurl_tf.meta.strategy import has_workers
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.tasks.distributions import TaskDistribution, find_distribution
from lurl_tf.tasks.sources.load import holds_images

DEFAULT_START = "starts/pooled"
DEFAULT_STEPS = 250
# About the last hundred outer steps.
_AVERAGE_DECAY = 0.99


def fit(
  tasks: str | TaskDistribution = "quick",
  logdir: str | os.PathLike[str] | None = None,
  num_steps: int | None = None,
  hours: float | None = None,
  initial_rule: str | os.PathLike[str] | UpdateRule | None = DEFAULT_START,
  seed: int = 0,
  callbacks: Sequence[Callback] = (),
  keep_rules_at: Sequence[int] = (),
  *,
  config: MetaTrainConfig | None = None,
  data_dir: str | None = None,
  validate_every: int = 0,
  checkpoint_every: int = 50,
  strategy: tf.distribute.Strategy | None = None,
  steps_per_call: int = 1,
  slots_per_program: int | None = None,
  tasks_name: str | None = None,
  command: str = "",
) -> UpdateRule:
  """Meta-trains a rule, or resumes a run whose log folder exists.

  A run that was stopped and resumed equals an uninterrupted one, bit for bit.
  Ctrl-C stops it after the current outer step and saves its state. The log
  folder holds the rule with its model card (`rule/`), the best one by
  validation (`best_rule/`), rules of chosen steps (`rules/step_500/`),
  checkpoints, and curves for TensorBoard.

  Args:
    tasks: Name of a task distribution, path of its `.json` file, name of one
      data set, or `TaskDistribution`.
    logdir: Log folder of the run, on any file system of TensorFlow. None keeps
      nothing on disk.
    num_steps: Integer number of outer steps of the whole run, over all
      sessions. Default: 250 if `hours` is None.
    hours: Hours of the whole run, over all sessions, checked between outer
      steps. It decides when the run ends, and nothing else.
    initial_rule: `UpdateRule`, name of a preset, or path of a preset or log
      folder that the run starts from. None for random meta-parameters.
    seed: Integer seed of all random numbers.
    callbacks: `lurl_tf.meta.Callback`s of the run.
    keep_rules_at: Outer steps whose rules are kept in the log folder.
    config: `MetaTrainConfig` with all other options. Its `tasks` and `seed`
      must be the defaults or those given here. Default:
      `MetaTrainConfig.starting_from` the initial rule.
    data_dir: Folder of prepared data sets, see `lurl_tf.tasks.load_examples`.
    validate_every: Integer number of outer steps between scores on the
      validation split; 0 for none.
    checkpoint_every: Integer number of outer steps between checkpoints.
    strategy: `tf.distribute.Strategy` of the replicas, see `make_strategy`.
      Default: the current strategy.
    steps_per_call: Integer number of outer steps in one call of a compiled
      function. It does not change the numbers.
    slots_per_program: See `MetaTrainer`.
    tasks_name: Name of the tasks in the model card. Default: `tasks` if it is a
      text, else the names of its data sets.
    command: Command of the run in the model card.

  Returns:
    `UpdateRule` after the last outer step; `rule.card()` describes it.

  Raises:
    FileNotFoundError: If the initial rule or the tasks do not exist.
    OSError: If the log folder cannot be written.
    ValueError: If an argument is out of range, a data set is missing or too
      small, or the log folder is in use or holds another run. Nothing was
      computed or written.

  Example:

  ```python
  rule = lurl_tf.meta.fit("quick", logdir="runs/quick", num_steps=250)
  rule.card()
  ```
  """
  if num_steps is None and hours is None:
    num_steps = DEFAULT_STEPS
  keep_rules_at = tuple(keep_rules_at)
  _check_numbers(num_steps, hours, checkpoint_every, validate_every)
  _check_kept(keep_rules_at, num_steps, logdir)
  check_cadence(steps_per_call, checkpoint_every, validate_every, keep_rules_at)
  strategy = strategy or tf.distribute.get_strategy()
  if hours is not None and has_workers(strategy):
    raise ValueError(
      "`hours` must be None where several processes share a run, whose clocks "
      f"differ; give `num_steps`. Received: hours={hours}"
    )
  if isinstance(tasks, str):
    name = tasks_name or tasks
    tasks = find_tasks(tasks, data_dir)
  else:
    sources = [each for each in tasks.sources if each.use == "meta_train"]
    name = tasks_name or ", ".join(dict.fromkeys(s.name for s in sources))
  rule = _copy_of(initial_rule)
  config = _config_of_run(config, rule, tasks, seed)
  config = _with_schedule(config, logdir, num_steps)
  run = prepare_run(
    config,
    logdir,
    name,
    command,
    data_dir,
    validate=validate_every > 0,
    strategy=strategy,
    steps_per_call=steps_per_call,
    slots_per_program=slots_per_program,
    initial_rule=rule,
    callbacks=callbacks,
  )
  continue_run(
    run, num_steps, checkpoint_every, validate_every, hours, keep_rules_at
  )
  return run.rule


def find_tasks(name: str, data_dir: str | None = None) -> TaskDistribution:
  """Finds a task distribution by name.

  Args:
    name: See `lurl_tf.tasks.find_distribution`. A single data set without
      images gets buckets without an image size.
    data_dir: Folder of prepared data sets.

  Raises:
    OSError: If a `.json` file cannot be read.
    ValueError: If a `.json` file is damaged.
  """
  tasks = find_distribution(name)
  is_data_set = len(tasks.sources) == 1 and tasks.sources[0].name == name
  if not is_data_set or holds_images(name, data_dir):
    return tasks
  buckets = tuple(
    dataclasses.replace(bucket, image_size=None) for bucket in tasks.buckets
  )
  return dataclasses.replace(tasks, buckets=buckets)


def _copy_of(
  initial_rule: str | os.PathLike[str] | UpdateRule | None,
) -> UpdateRule | None:
  """A rule to train, which leaves the caller's as it is."""
  if initial_rule is None:
    return None
  if not isinstance(initial_rule, UpdateRule):
    return UpdateRule.from_preset(initial_rule)
  rule = UpdateRule(initial_rule.config)
  for variable, value in zip(
    rule.meta_parameters, initial_rule.meta_parameters, strict=True
  ):
    variable.assign(value)
  rule.metadata = initial_rule.metadata
  return rule


def _config_of_run(
  config: MetaTrainConfig | None,
  rule: UpdateRule | None,
  tasks: TaskDistribution,
  seed: int,
) -> MetaTrainConfig:
  if config is None:
    fields = {"tasks": tasks, "seed": seed}
    if rule is None:
      fields["rule"] = dataclasses.replace(
        MetaTrainConfig.starting_from(None).rule,
        output_size=tasks.buckets[0].units[-1],
      )
    return MetaTrainConfig.starting_from(rule, **fields)
  default = MetaTrainConfig()
  for name, value in (("tasks", tasks), ("seed", seed)):
    if getattr(config, name) not in (value, getattr(default, name)):
      raise ValueError(
        f"`config.{name}` must be the default, or the `{name}` given beside "
        f"it. Received: {name}={value}, config.{name}={getattr(config, name)}"
      )
  if rule is not None and rule.config != config.rule:
    raise ValueError(
      "`config.rule` must be the sizes of the initial rule; "
      "`MetaTrainConfig.starting_from` takes them from it, and "
      "`initial_rule=None` starts from random meta-parameters. Received: "
      f"config.rule={config.rule}, of the initial rule: {rule.config}"
    )
  return dataclasses.replace(config, tasks=tasks, seed=seed)


def _with_schedule(
  config: MetaTrainConfig,
  logdir: str | os.PathLike[str] | None,
  num_steps: int | None,
) -> MetaTrainConfig:
  """Fills in the schedule, from the run in the log folder if it holds one."""
  schedule = {"decay_steps": num_steps, "average_decay": 0.0}
  if num_steps is None:
    schedule = {"decay_steps": 0, "average_decay": _AVERAGE_DECAY}
  if logdir is not None:
    # More steps must not change the rates of those that are done.
    schedule |= read_config_fields(logdir, schedule)
  missing = {
    name: value
    for name, value in schedule.items()
    if getattr(config, name) is None
  }
  return dataclasses.replace(config, **missing)


def _check_numbers(num_steps, hours, checkpoint_every, validate_every) -> None:
  for name, value in (
    ("num_steps", num_steps),
    ("hours", hours),
    ("checkpoint_every", checkpoint_every),
  ):
    if value is not None and not value > 0:
      raise ValueError(f"`{name}` must be positive. Received: {name}={value}")
  if validate_every < 0:
    raise ValueError(
      "`validate_every` must not be negative. Received: "
      f"validate_every={validate_every}"
    )


def _check_kept(steps, num_steps, logdir) -> None:
  if steps and logdir is None:
    raise ValueError(
      "`keep_rules_at` needs a log folder. Received: "
      f"keep_rules_at={steps}, logdir=None"
    )
  if steps and not 1 <= min(steps) <= max(steps) <= (num_steps or max(steps)):
    raise ValueError(
      "`keep_rules_at` must be outer steps from 1 to `num_steps`. Received: "
      f"keep_rules_at={steps}, num_steps={num_steps}"
    )
