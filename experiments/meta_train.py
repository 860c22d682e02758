# SPDX-License-Identifier: Apache-2.0
"""Meta-trains a rule.

The defaults take about five minutes on two cores: a compact, order-free rule,
meta-trained on rendered letters. A run whose log folder exists goes on.

    python -m experiments.meta_train --logdir=runs/quick
"""

import dataclasses
import os
import shlex
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from absl import app, flags, logging

from experiments import shared_flags
from experiments.interruption import Interruption
from experiments.progress import Progress, format_seconds
from experiments.results import check_writable, format_table, write_results
from lurl_tf import presets
from lurl_tf.meta import MetaMetrics, MetaTrainConfig, MetaTrainer, UnrollConfig
from lurl_tf.meta.run_folder import RunFolder
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples, RuleConfig
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tasks import load_examples
from lurl_tf.tasks.episodes import EpisodeConfig, TaskSampler

_DEFAULT = MetaTrainConfig()

_LOGDIR = flags.DEFINE_string(
  "logdir", None, "Folder of the run: checkpoints, TensorBoard, the rule."
)
_TASKS = flags.DEFINE_string(
  "tasks", "lurl_glyphs", "Data set that tasks are drawn from."
)
_NUM_STEPS = flags.DEFINE_integer(
  "num_steps", 150, "Outer steps at which the run is done.", lower_bound=1
)
_CHECKPOINT_EVERY = flags.DEFINE_integer(
  "checkpoint_every", 25, "Outer steps between checkpoints.", lower_bound=1
)
_STRATEGY = flags.DEFINE_enum(
  "strategy", "default", ["default"], "How replicas are distributed."
)
_ESTIMATOR = flags.DEFINE_enum(
  "estimator", "tbptt", ["tbptt"], "Truncated backpropagation through time."
)
_MIXING = flags.DEFINE_enum(
  "mixing",
  "pooled",
  ["pooled", "published"],
  "How the rule looks at other examples and units.",
)
_HIDDEN_CHANNELS = flags.DEFINE_integer(
  "hidden_channels", 24, "Channels of a unit's state."
)
_DELTA_CHANNELS = flags.DEFINE_integer(
  "delta_channels", 16, "Channels of the error signal and its first network."
)
_SLOTS = flags.DEFINE_integer("slots", 8, "Task slots that advance together.")
_MIN_TRUNCATION = flags.DEFINE_integer(
  "min_truncation", 10, "Least inner steps of a truncation."
)
_MAX_TRUNCATION = flags.DEFINE_integer(
  "max_truncation", 10, "Largest inner steps of a truncation."
)
_MIN_HORIZON = flags.DEFINE_integer(
  "min_horizon", 100, "Least inner steps before a slot starts anew."
)
_MAX_HORIZON = flags.DEFINE_integer(
  "max_horizon", 100, "Largest inner steps before a slot starts anew."
)
_EVALUATE_EVERY = flags.DEFINE_integer(
  "evaluate_every", 1, "Inner steps from one scored state to the next."
)
_LATE_LOSS_POWER = flags.DEFINE_float(
  "late_loss_power", 0.0, "Weights the loss by (power + 1) (t / T)**power."
)
_INNER_LEARNING_RATES = flags.DEFINE_list(
  "inner_learning_rates",
  ["0.03"],
  "Knots of the inner learning rate over an inner training, log-linear.",
)
_LEARN_INNER_RATES = flags.DEFINE_bool(
  "learn_inner_rates", False, "Whether the knots are meta-learned."
)
_LEARNING_RATE = flags.DEFINE_float(
  "learning_rate", 3e-3, "Of Adam on the meta-parameters."
)
_DECAY_STEPS = flags.DEFINE_integer(
  "decay_steps", 0, "Outer steps over which it falls to a tenth; 0: never."
)
_SLOT_CLIP_NORM = flags.DEFINE_float(
  "slot_clip_norm", 1.0, "Largest gradient norm of one task slot."
)
_CLIP_NORM = flags.DEFINE_float(
  "clip_norm", 1.0, "Largest norm of the averaged gradient."
)
_ACCUMULATE = flags.DEFINE_integer(
  "accumulate", 1, "Truncations whose gradients make one outer step."
)
_CLASSES_PER_TASK = flags.DEFINE_integer(
  "classes_per_task", 10, "Classes of a task."
)
_OBJECTIVE_DRAWS = flags.DEFINE_integer(
  "objective_draws", 2, "Label draws for every scored state."
)
_RIDGE = flags.DEFINE_string(
  "ridge", "relative", "'relative', or the read-out's absolute penalty."
)
_PENALTY_IN_LOSS = flags.DEFINE_bool(
  "penalty_in_loss", False, "Whether the ridge penalty is part of the loss."
)
flags.adopt_module_key_flags(shared_flags)

_IMAGE_SIZE = 8
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


def prepare(
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


def meta_train(run: Run, num_steps: int, checkpoint_every: int) -> Summary:
  """Does the outer steps that are left.

  Args:
    run: from `prepare`.
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


def config_from_flags() -> MetaTrainConfig:
  """The run that the flags describe."""
  units = shared_flags.UNITS.value or _DEFAULT.units
  return MetaTrainConfig(
    rule=RuleConfig(
      hidden_channels=_HIDDEN_CHANNELS.value,
      delta_channels=_DELTA_CHANNELS.value,
      top_channels=_DELTA_CHANNELS.value,
      output_size=units[-1],
      mixing=_MIXING.value,
    ),
    unroll=UnrollConfig(
      activation=shared_flags.ACTIVATION.value or "relu",
      max_steps=_MAX_TRUNCATION.value,
      evaluate_every=_EVALUATE_EVERY.value,
      late_loss_power=_LATE_LOSS_POWER.value,
      ridge=_number_or_text(_RIDGE.value),
      penalty_in_loss=_PENALTY_IN_LOSS.value,
    ),
    episodes=EpisodeConfig(
      classes_per_task=_CLASSES_PER_TASK.value,
      batch_size=shared_flags.BATCH_SIZE.value or _DEFAULT.episodes.batch_size,
      support_per_class=shared_flags.EXAMPLES_PER_CLASS.value,
      query_per_class=shared_flags.EXAMPLES_PER_CLASS.value,
      draws=_OBJECTIVE_DRAWS.value,
    ),
    units=units,
    slots=_SLOTS.value,
    min_truncation=_MIN_TRUNCATION.value,
    min_horizon=_MIN_HORIZON.value,
    max_horizon=_MAX_HORIZON.value,
    inner_learning_rates=tuple(map(float, _INNER_LEARNING_RATES.value)),
    learn_inner_rates=_LEARN_INNER_RATES.value,
    learning_rate=_LEARNING_RATE.value,
    decay_steps=_DECAY_STEPS.value,
    slot_clip_norm=_SLOT_CLIP_NORM.value,
    clip_norm=_CLIP_NORM.value,
    accumulate=_ACCUMULATE.value,
    seed=shared_flags.SEED.value,
  )


def _number_or_text(value: str) -> float | str:
  try:
    return float(value)
  except ValueError:
    return value


def report(summary: Summary) -> str:
  """The run's table."""
  if summary.first is None:
    return f"The run was done before: {summary.steps} meta-steps."
  rows = [
    [name.replace("_", " "), f"{first:.4f}", f"{last:.4f}"]
    for name, first, last in zip(
      MetaMetrics._fields, summary.first, summary.last
    )
  ]
  title = f"of {_TABLE_STEPS} steps"
  table = format_table(["mean", f"first {title}", f"last {title}"], rows)
  rates = ", ".join(f"{rate:.4g}" for rate in summary.inner_learning_rates)
  return (
    f"{table}\n{summary.steps} meta-steps in "
    f"{format_seconds(summary.seconds)}; inner learning rates: {rates}"
  )


def _mean(history: list[MetaMetrics]) -> MetaMetrics | None:
  if not history:
    return None
  return MetaMetrics(*(sum(each) / len(history) for each in zip(*history)))


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  logging.set_verbosity(logging.WARNING)  # TFDS tells of every file it opens
  try:
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
    image_size = shared_flags.IMAGE_SIZE.value or _IMAGE_SIZE
    config = config_from_flags()
    examples = load_examples(
      _TASKS.value, "train", shared_flags.DATA_DIR.value, image_size
    )
    run = prepare(
      config,
      examples,
      _LOGDIR.value,
      {"tasks": _TASKS.value, "image_size": image_size},
      command=shlex.join(
        ["python", "-m", "experiments.meta_train", *sys.argv[1:]]
      ),
    )
  except (OSError, LookupError, ValueError) as error:
    raise SystemExit(f"Error: {error}") from error
  summary = meta_train(run, _NUM_STEPS.value, _CHECKPOINT_EVERY.value)
  print(report(summary))
  print(f"The rule lies in {os.path.join(_LOGDIR.value, 'rule')}.")
  if shared_flags.RESULTS.value:
    write_results(
      shared_flags.RESULTS.value,
      {
        "logdir": _LOGDIR.value,
        "tasks": _TASKS.value,
        "steps": summary.steps,
        "seconds": summary.seconds,
        "first": summary.first and summary.first._asdict(),
        "last": summary.last and summary.last._asdict(),
        "inner_learning_rates": summary.inner_learning_rates,
        "config": config.to_json(),
      },
    )
  if not summary.finished:
    sys.exit(130)


if __name__ == "__main__":
  flags.mark_flag_as_required("logdir")
  app.run(main)
