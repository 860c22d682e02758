# SPDX-License-Identifier: Apache-2.0
"""Evaluates the rule of a run and adds it to the shipped presets.

python -m tools.ship_preset --run=runs/pooled --name=pooled --default \
  --note="Meta-trained on glyphs and photographs at 8 x 8."

A name such as `starts/pooled` makes a start, which `available` does not list.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from absl import app, flags

from experiments.common.evaluation_setup import make_config, progress_report
from experiments.common.rule_choice import choose_rule
from experiments.curves.runs import (
  ACCURACY,
  LOSS,
  META_TRAINING,
  META_VALIDATION,
  Curve,
  CurveName,
  read_runs,
)
from experiments.evaluate import methods_to_evaluate
from experiments.evaluation.report import as_text
from lurl_tf import presets
from lurl_tf.evaluation import compare
from lurl_tf.meta.runs.description import DESCRIPTION_FILE
from lurl_tf.meta.runs.folder import BEST_RULE_FOLDER
from lurl_tf.presets.catalogue import (
  DEFAULT_FILE,
  SHIPPED,
  STARTS,
  STARTS_PREFIX,
)

_RUN = flags.DEFINE_string("run", None, "Log folder of the run.", required=True)
_NAME = flags.DEFINE_string("name", None, "Name of the preset.", required=True)
_NOTE = flags.DEFINE_string(
  "note", None, "Description of the rule.", required=True
)
_EVALUATED_ON = flags.DEFINE_string(
  "evaluated_on", "lurl_digits", "Name of the data set to evaluate on."
)
_DEFAULT = flags.DEFINE_bool(
  "default", False, "Whether to make it the default preset."
)
_BEST = flags.DEFINE_bool(
  "best",
  False,
  "Whether to ship the best rule by validation in place of the last one.",
)

# Points of a curve in metadata.json; a run has one per step.
_CURVE_POINTS = 50


def ship(
  run: str,
  name: str,
  note: str,
  dataset: str,
  default: bool,
  best: bool = False,
) -> None:
  """Writes the preset, with a table of its evaluation.

  Args:
    run: Log folder of the meta-training.
    name: Name of the preset, or of a start: `starts/NAME`.
    note: Description of the rule, put before the table.
    dataset: Name of the data set to evaluate on.
    default: Whether to make it the default preset.
    best: Whether to ship the run's best rule by validation.

  Raises:
    FileNotFoundError: If there is no such run, or no best rule of it.
  """
  choice = choose_rule(tf.io.gfile.join(run, BEST_RULE_FOLDER) if best else run)
  result = compare(
    methods_to_evaluate(choice),
    dataset,
    make_config(choice),
    report=progress_report(),
  )
  metadata = dataclasses.replace(
    choice.metadata,
    evaluation=f"{note}\n\n{as_text(result, dataset, name)}",
    **_curves(run, choice.metadata.outer_steps),
  )
  folder = SHIPPED / name
  if name.startswith(STARTS_PREFIX):
    folder = STARTS / name.removeprefix(STARTS_PREFIX)
  choice.learned.save_preset(folder, metadata)
  if default:
    (SHIPPED / DEFAULT_FILE).write_text(f"{name}\n")
  print(f"\n{metadata.evaluation}\n\nShipped: {', '.join(presets.available())}")


def _curves(run: str, last_step: int) -> dict[str, tuple[presets.Score, ...]]:
  """Fields of `PresetMetadata` with the curves of a run up to a step."""
  if not tf.io.gfile.exists(tf.io.gfile.join(run, DESCRIPTION_FILE)):
    return {}
  curves = read_runs([run])[0].curves
  return {
    "curve": _scores(curves, META_TRAINING, last_step),
    "validation_curve": _scores(curves, META_VALIDATION, last_step),
  }


def _scores(
  curves: Mapping[CurveName, Curve], data: str, last_step: int
) -> tuple[presets.Score, ...]:
  values = {}
  for quantity in (LOSS, ACCURACY):
    curve = curves.get(CurveName(data, quantity))
    if curve is None:
      values[quantity] = {}
      continue
    known = (curve.steps <= last_step) & np.isfinite(curve.values)
    steps, means = _block_means(Curve(*(each[known] for each in curve)))
    values[quantity] = dict(zip(steps.tolist(), means.round(4).tolist()))
  return tuple(
    presets.Score(step, loss, values[ACCURACY].get(step))
    for step, loss in values[LOSS].items()
  )


def _block_means(curve: Curve) -> Curve:
  """Means of blocks of steps, each at the last step of its block."""
  length = max(1, -(-len(curve.steps) // _CURVE_POINTS))
  starts = np.arange(0, len(curve.steps), length)
  sums = np.add.reduceat(curve.values, starts)
  counts = np.diff([*starts, len(curve.steps)])
  return Curve(curve.steps[starts + counts - 1], sums / counts)


def main(argv: Sequence[str]) -> None:
  """Runs the script."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  ship(
    _RUN.value,
    _NAME.value,
    _NOTE.value,
    _EVALUATED_ON.value,
    _DEFAULT.value,
    _BEST.value,
  )


if __name__ == "__main__":
  app.run(main)
