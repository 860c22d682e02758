# SPDX-License-Identifier: Apache-2.0
"""Meta-trains a rule, or resumes a run whose log folder exists.

The defaults take about five minutes on two CPU cores: a compact rule, whose
result does not depend on the order of examples and units, is meta-trained on
rendered letters from the shipped rule `starts/pooled`.

    python -m experiments.meta_train --logdir=runs/quick

`lurl_tf.meta.fit` does the same from Python. `--helpfull` lists the flags by
subject: tasks, initial rule, inner training, outer training, engine, logging.
"""

import os
import shlex
import sys
from collections.abc import Sequence

import tensorflow as tf
from absl import flags, logging

from experiments.common import flags as shared_flags
from experiments.common import script, task_flags, xla_options
from experiments.common.results import check_writable, write_results
from experiments.training import (
  engine_flags,
  inner_flags,
  logging_flags,
  outer_flags,
  start_flags,
)
from experiments.training.report import report_run
from experiments.training.rule_summaries import RuleSummaries
from lurl_tf.meta import (
  Callback,
  MetaTrainConfig,
  Summary,
  UnrollConfig,
  fit,
)
from lurl_tf.meta.strategy import WORKER_LOST, has_workers, is_chief
from lurl_tf.rule import UpdateRule
from lurl_tf.tasks import TaskSampler

# Exit status that asks a supervisor to start all workers again; that of
# `tf.distribute.experimental.PreemptionCheckpointHandler`.
EXIT_RESTART = 42

_FLAG_MODULES = (
  task_flags,
  start_flags,
  inner_flags,
  outer_flags,
  engine_flags,
  logging_flags,
)
for _module in _FLAG_MODULES:
  flags.adopt_module_key_flags(_module)


def config_from_flags(
  initial_rule: UpdateRule | None = None,
) -> MetaTrainConfig:
  """Makes the config of the run.

  Args:
    initial_rule: `UpdateRule` that the run starts from; None for random
      meta-parameters.

  Raises:
    ValueError: If a value is out of range or does not fit the initial rule.
  """
  tasks = task_flags.tasks_from_flags()
  inner, outer = (
    inner_flags.fields_from_flags(),
    outer_flags.fields_from_flags(),
  )
  estimator = outer_flags.estimator_from_flags()
  imitation = start_flags.imitation_from_flags(
    estimator.name, inner.get("learn_inner_rates", False)
  )
  fields = {
    **start_flags.fields_from_flags(initial_rule, tasks.buckets[0].units[-1]),
    **inner,
    **outer,
    "estimator": estimator,
    "tasks": tasks,
    "seed": shared_flags.SEED.value,
  }
  horizon = MetaTrainConfig.starting_from(initial_rule, **inner).max_horizon
  shortest, longest = inner_flags.truncation_lengths(estimator.name, horizon)
  unroll = UnrollConfig(
    max_steps=longest,
    imitation=imitation,
    **inner_flags.objective_from_flags(),
    **engine_flags.unroll_from_flags(),
  )
  return MetaTrainConfig.starting_from(
    initial_rule, **fields, min_truncation=shortest, unroll=unroll
  )


class _Report(Callback):
  """Keeps the config and the summary of the run.

  Attributes:
    config: `MetaTrainConfig` of the run; None until all arguments are checked.
    summary: `Summary` of the run; None until it ends.
  """

  def __init__(self):
    self.config: MetaTrainConfig | None = None
    self.summary: Summary | None = None

  def on_begin(
    self, config: MetaTrainConfig, samplers: Sequence[TaskSampler]
  ) -> None:
    """See `Callback`."""
    self.config = config

  def on_end(self, summary: Summary) -> None:
    """See `Callback`."""
    self.summary = summary


def main() -> None:
  """Runs the script with the parsed flags."""
  report = _Report()
  try:
    strategy = engine_flags.strategy_from_flags()
    initial_rule = start_flags.initial_rule_from_flags()
    config = config_from_flags(initial_rule)
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
    fit(
      config.tasks,
      task_flags.LOGDIR.value,
      outer_flags.NUM_STEPS.value,
      outer_flags.HOURS.value,
      initial_rule,
      config.seed,
      config=config,
      callbacks=[
        RuleSummaries(logging_flags.SHOW_INNER_TRAINING.value),
        report,
      ],
      keep_rules_at=logging_flags.KEEP_RULES_AT.value or (),
      data_dir=shared_flags.DATA_DIR.value,
      validate_every=logging_flags.VALIDATE_EVERY.value,
      checkpoint_every=logging_flags.CHECKPOINT_EVERY.value,
      strategy=strategy,
      steps_per_call=engine_flags.STEPS_PER_CALL.value,
      slots_per_program=engine_flags.SLOTS_PER_PROGRAM.value,
      tasks_name=task_flags.TASKS.value,
      command=shlex.join(
        ["python", "-m", "experiments.meta_train", *sys.argv[1:]]
      ),
    )
  except WORKER_LOST as error:
    if not has_workers(strategy):
      raise
    logging.error("%s", error)
    _exit_to_be_restarted(
      "Another worker was lost. Start all of them again: the run resumes from "
      "its last checkpoint."
    )
  except (OSError, LookupError, ValueError) as error:
    # Once the run has begun, others than a full disk are errors of the program.
    if report.config is not None and not isinstance(error, OSError):
      raise
    raise SystemExit(f"Error: {error}") from error
  if is_chief(strategy):
    _show(report.summary, report.config)
  if not report.summary.finished:
    if has_workers(strategy):
      _exit_to_be_restarted("Stopped; start all workers again to resume.")
    sys.exit(130)


def _show(summary: Summary, config: MetaTrainConfig) -> None:
  logdir = task_flags.LOGDIR.value
  print(report_run(summary))
  print(f"The rule is in {tf.io.gfile.join(logdir, 'rule')}.")
  if not shared_flags.RESULTS.value:
    return
  write_results(
    shared_flags.RESULTS.value,
    {
      "logdir": logdir,
      "tasks": task_flags.TASKS.value,
      "steps": summary.steps,
      "seconds": summary.seconds,
      "first": summary.first and summary.first._asdict(),
      "last": summary.last and summary.last._asdict(),
      "validations": [
        {"step": step, **score._asdict()} for step, score in summary.validations
      ],
      "inner_learning_rates": summary.inner_learning_rates,
      "first_calls": [each._asdict() for each in summary.first_calls],
      "lost_slots": summary.lost_slots,
      "config": config.to_json(),
    },
  )


def _exit_to_be_restarted(message: str) -> None:
  """Ends this process at once: an orderly exit would wait for the others."""
  print(message, flush=True)
  os._exit(EXIT_RESTART)


if __name__ == "__main__":
  xla_options.compile_less()
  script.run(main, required=["logdir"])
