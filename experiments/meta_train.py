# SPDX-License-Identifier: Apache-2.0
"""Meta-trains a rule.

The defaults take about five minutes on two cores: a compact, order-free rule,
meta-trained on rendered letters, from the shipped rule `imitation`. A run whose
log folder exists goes on.

    python -m experiments.meta_train --logdir=runs/quick
"""

import os
import shlex
import sys

import tensorflow as tf
from absl import flags, logging

from experiments.common import flags as shared_flags
from experiments.common import script, task_flags, xla_options
from experiments.common.results import check_writable, write_results
from experiments.training import engine_flags, start_flags
from experiments.training.meta_training_run import (
  check_cadence,
  continue_run,
  prepare_run,
)
from experiments.training.run_log import Summary, report_run
from lurl_tf.meta import MetaTrainConfig, UnrollConfig
from lurl_tf.meta.strategy import WORKER_LOST, has_workers, is_chief
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule import UpdateRule

# What a supervisor is told who should start the workers again; the same as
# `tf.distribute.experimental.PreemptionCheckpointHandler` says.
EXIT_RESTART = 42

_NUM_STEPS = flags.DEFINE_integer(
  "num_steps", 250, "Outer steps at which the run is done.", lower_bound=1
)
_CHECKPOINT_EVERY = flags.DEFINE_integer(
  "checkpoint_every", 50, "Outer steps between checkpoints.", lower_bound=1
)
_SLOTS = flags.DEFINE_integer(
  "slots", 4, "Task slots of each replica that advance together."
)
_MIN_TRUNCATION = flags.DEFINE_integer(
  "min_truncation",
  None,
  "Least inner steps of a truncation. Default: 10; with --estimator=bptt the "
  "horizon.",
)
_MAX_TRUNCATION = flags.DEFINE_integer(
  "max_truncation",
  None,
  "Largest inner steps of a truncation. Default: as --min_truncation, and 10 "
  "where that is less and the estimator is not bptt.",
)
_MIN_HORIZON = flags.DEFINE_integer(
  "min_horizon",
  None,
  "Least inner steps before a slot starts anew. Default: those of the rule "
  "that the run starts from; 100 from random meta-parameters.",
)
_MAX_HORIZON = flags.DEFINE_integer(
  "max_horizon",
  None,
  "Largest inner steps before a slot starts anew. Default: as --min_horizon.",
)
_EVALUATE_EVERY = flags.DEFINE_integer(
  "evaluate_every", 1, "Inner steps from one scored state to the next."
)
_SCORED_LAYERS = flags.DEFINE_enum(
  "scored_layers",
  "last",
  ["last", "all"],
  "Whose outputs the meta-objective reads: the last layer's, or those of all "
  "layers side by side.",
)
_INNER_OPTIMIZER = flags.DEFINE_enum(
  "inner_optimizer",
  "decayed_sgd",
  ["decayed_sgd", "sgd", "adam"],
  "What makes the next inner weights of the rule's proposals. Adam wants far "
  "smaller inner learning rates than the others.",
)
_INNER_MOMENTUM = flags.DEFINE_float(
  "inner_momentum", 0.9, "Of the inner optimizer 'sgd'."
)
_INNER_EPSILON = flags.DEFINE_float(
  "inner_epsilon", 1e-3, "Of the inner optimizer 'adam'."
)
_INNER_LEARNING_RATES = flags.DEFINE_list(
  "inner_learning_rates",
  None,
  "Knots of the inner learning rate over an inner training, log-linear. "
  "Default: those of the rule that the run starts from; 0.03 from random "
  "meta-parameters.",
)
_LEARN_INNER_RATES = flags.DEFINE_bool(
  "learn_inner_rates", False, "Whether the knots are meta-learned."
)
_LEARNING_RATE = flags.DEFINE_float(
  "learning_rate",
  None,
  "Of Adam on the meta-parameters. Default: 3e-3; 1e-2 from random ones.",
)
_DECAY_STEPS = flags.DEFINE_integer(
  "decay_steps", 250, "Outer steps over which it falls to a tenth; 0: never."
)
_SLOT_CLIP_NORM = flags.DEFINE_float(
  "slot_clip_norm", 1.0, "Largest gradient norm of one task slot."
)
_CLIP_NORM = flags.DEFINE_float(
  "clip_norm", 1.0, "Largest norm of the averaged gradient."
)
_AVERAGE_DECAY = flags.DEFINE_float(
  "average_decay",
  0.0,
  "Decay of an average of the meta-parameters over time, which is evaluated "
  "and kept in their place; 0: none.",
)
_ROLLBACK_AFTER = flags.DEFINE_integer(
  "rollback_after",
  10,
  "Outer steps in a row that lost most of their task slots, after which the "
  "meta-parameters go back, and the learning rate is halved; 0: never.",
)
_RIDGE = flags.DEFINE_string(
  "ridge", "relative", "'relative', or the read-out's absolute penalty."
)
_PENALTY_IN_LOSS = flags.DEFINE_bool(
  "penalty_in_loss", False, "Whether the ridge penalty is part of the loss."
)
_VALIDATE_EVERY = flags.DEFINE_integer(
  "validate_every",
  0,
  "Outer steps between scores on held-out classes and fonts, by which the best "
  "rule is kept; 0: never.",
  lower_bound=0,
)
_SHOW_INNER_TRAINING = flags.DEFINE_bool(
  "show_inner_training",
  False,
  "Whether TensorBoard shows, at every checkpoint, what the rule does to one "
  "base network: sizes of updates, receptive fields, features.",
)
flags.adopt_module_key_flags(task_flags)
flags.adopt_module_key_flags(engine_flags)
flags.adopt_module_key_flags(start_flags)


def config_from_flags(
  initial_rule: UpdateRule | None = None,
) -> MetaTrainConfig:
  """The run that the flags describe.

  Args:
    initial_rule: where the run starts, if not at random.

  Raises:
    ValueError: if a value is out of range, or the rule is of other sizes.
  """
  tasks = task_flags.tasks_from_flags()
  estimator = engine_flags.estimator_from_flags()
  least_horizon, largest_horizon = _horizons(initial_rule)
  shortest, longest = _truncation_lengths(estimator.name, largest_horizon)
  learning_rate = _LEARNING_RATE.value
  if learning_rate is None:
    learning_rate = 1e-2 if initial_rule is None else 3e-3
  rule = start_flags.rule_config_from_flags(
    tasks.buckets[0].units[-1], initial_rule
  )
  return MetaTrainConfig(
    rule=rule,
    term_coefficient=start_flags.TERM_COEFFICIENT.value,
    unroll=UnrollConfig(
      max_steps=longest,
      evaluate_every=_EVALUATE_EVERY.value,
      ridge=_number_or_text(_RIDGE.value),
      penalty_in_loss=_PENALTY_IN_LOSS.value,
      recompute=engine_flags.RECOMPUTE.value,
      scored_layers=_SCORED_LAYERS.value,
      imitation=start_flags.imitation_from_flags(),
      product_dtype=engine_flags.PRODUCT_DTYPE.value,
      convolutions=engine_flags.CONVOLUTIONS.value,
      compiler=engine_flags.COMPILER.value,
    ),
    estimator=estimator,
    tasks=tasks,
    slots=_SLOTS.value,
    min_truncation=shortest,
    min_horizon=least_horizon,
    max_horizon=largest_horizon,
    inner_optimizer=InnerOptimizerConfig(
      _INNER_OPTIMIZER.value,
      momentum=_INNER_MOMENTUM.value,
      epsilon=_INNER_EPSILON.value,
    ),
    inner_learning_rates=_inner_learning_rates(initial_rule),
    learn_inner_rates=_LEARN_INNER_RATES.value,
    learning_rate=learning_rate,
    decay_steps=_DECAY_STEPS.value,
    slot_clip_norm=_SLOT_CLIP_NORM.value,
    clip_norm=_CLIP_NORM.value,
    average_decay=_AVERAGE_DECAY.value,
    rollback_after=_ROLLBACK_AFTER.value,
    seed=shared_flags.SEED.value,
  )


def _inner_learning_rates(
  initial_rule: UpdateRule | None,
) -> tuple[float, ...]:
  if _INNER_LEARNING_RATES.value is not None:
    return tuple(map(float, _INNER_LEARNING_RATES.value))
  if initial_rule is not None:
    metadata = initial_rule.metadata
    own = InnerOptimizerConfig.from_text(metadata.inner_optimizer).name
    if own != _INNER_OPTIMIZER.value:
      raise ValueError(
        "`inner_learning_rates` must be given where the inner optimizer is not "
        f"that of the rule that the run starts from, {own!r}. "
        f"Received: inner_optimizer={_INNER_OPTIMIZER.value!r}"
      )
    return metadata.inner_learning_rates
  return (0.03,)


def _horizons(initial_rule: UpdateRule | None) -> tuple[int, int]:
  least, largest = _MIN_HORIZON.value, _MAX_HORIZON.value
  if least is None:
    default = 100 if initial_rule is None else initial_rule.metadata.inner_steps
    least = default if largest is None else min(largest, default)
  return least, least if largest is None else largest


def _truncation_lengths(estimator: str, horizon: int) -> tuple[int, int]:
  shortest, longest = _MIN_TRUNCATION.value, _MAX_TRUNCATION.value
  if shortest is None:
    default = horizon if estimator == "bptt" else 10
    shortest = default if longest is None else min(longest, default)
  if longest is None:
    longest = shortest if estimator == "bptt" else max(shortest, 10)
  return shortest, longest


def _number_or_text(value: str) -> float | str:
  try:
    return float(value)
  except ValueError:
    return value


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    start_flags.check_teacher(
      engine_flags.estimator_from_flags().name, _LEARN_INNER_RATES.value
    )
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
    check_cadence(
      engine_flags.STEPS_PER_CALL.value,
      _CHECKPOINT_EVERY.value,
      _VALIDATE_EVERY.value,
    )
    strategy = engine_flags.strategy_from_flags()
    initial_rule = start_flags.initial_rule_from_flags()
    config = config_from_flags(initial_rule)
    run = prepare_run(
      config,
      task_flags.LOGDIR.value,
      task_flags.TASKS.value,
      command=shlex.join(
        ["python", "-m", "experiments.meta_train", *sys.argv[1:]]
      ),
      data_dir=shared_flags.DATA_DIR.value,
      validate=_VALIDATE_EVERY.value > 0,
      strategy=strategy,
      steps_per_call=engine_flags.STEPS_PER_CALL.value,
      slots_per_program=engine_flags.SLOTS_PER_PROGRAM.value,
      show_inner_training=_SHOW_INNER_TRAINING.value,
      initial_rule=initial_rule,
    )
  try:
    summary = continue_run(
      run, _NUM_STEPS.value, _CHECKPOINT_EVERY.value, _VALIDATE_EVERY.value
    )
  except OSError as error:  # such as a full disk
    raise SystemExit(f"Error: {error}") from error
  except WORKER_LOST as error:
    if not has_workers(strategy):
      raise
    logging.error("%s", error)
    _exit_to_be_restarted(
      "Another worker was lost. Start all of them again: the run goes on from "
      "its last checkpoint."
    )
  if is_chief(strategy):
    _show(summary, config)
  if not summary.finished:
    if has_workers(strategy):
      _exit_to_be_restarted("Stopped; start all workers again to go on.")
    sys.exit(130)


def _show(summary: Summary, config: MetaTrainConfig) -> None:
  logdir = task_flags.LOGDIR.value
  print(report_run(summary))
  print(f"The rule lies in {tf.io.gfile.join(logdir, 'rule')}.")
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
  """Ends this process at once: leaving in order would wait for the others."""
  print(message, flush=True)
  os._exit(EXIT_RESTART)


if __name__ == "__main__":
  xla_options.compile_less()
  script.run(main, required=["logdir"])
