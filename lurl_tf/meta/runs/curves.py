# SPDX-License-Identifier: Apache-2.0
"""Curves, charts and hyperparameters of a run in TensorBoard."""

import json
import os
from collections.abc import Iterable
from typing import Any

from lurl_tf.meta.metrics import PartMetrics, mean_by
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.summaries import Chart, SummaryWriter

# Curves that the page HParams shows beside the hyperparameters.
_METRICS = (
  "meta/loss",
  "meta/accuracy",
  "validation/loss",
  "validation/accuracy",
)


def curve_name(name: str) -> str:
  """Replaces parentheses in a name, for the name of a curve.

  The page Custom Scalars of TensorBoard 2.21 draws no line on a chart that has
  a curve with parentheses in its name.

  Args:
    name: Name of a data set or bucket.

  Example:

  >>> from lurl_tf.meta.runs.curves import curve_name
  >>> curve_name("mnist[train] (held_out)")
  'mnist[train] [held_out]'
  """
  return name.translate(str.maketrans("()", "[]"))


def part_curves(parts: Iterable[PartMetrics]) -> dict[str, float]:
  """Averages the metrics of an outer step by data set and by bucket.

  Args:
    parts: `PartMetrics` of the step.

  Returns:
    Dict from the name of a curve to its value.
  """
  parts = tuple(parts)
  means = {
    "meta_by_data_set": mean_by(parts, lambda part: part.data_set),
    "meta_by_bucket": mean_by(parts, lambda part: part.bucket),
  }
  return {
    f"{kind}/{quantity}/{curve_name(name)}": value
    for kind, by_name in means.items()
    for name, metrics in by_name.items()
    for quantity, value in metrics._asdict().items()
  }


def meta_training_charts() -> dict[str, list[Chart]]:
  """Lists the charts of a meta-training run, the same for all runs.

  Returns:
    Dict from the title of a section to its charts.
  """
  return {
    "Meta-training": [
      Chart("loss", ("meta/loss$", "validation/loss$")),
      Chart("accuracy", ("meta/accuracy$", "validation/accuracy$")),
    ],
    "By data set": [
      Chart(quantity, (f"meta_by_data_set/{quantity}/",))
      for quantity in ("loss", "accuracy")
    ],
    "By bucket": [
      Chart(quantity, (f"meta_by_bucket/{quantity}/",))
      for quantity in ("loss", "accuracy")
    ],
    "Rule": [
      Chart("mixture weights", ("mixture_weights/[^/]*$",)),
      Chart("inner learning rates", ("inner_learning_rate/",)),
    ],
  }


def write_hyper_parameters(
  writer: SummaryWriter,
  config: MetaTrainConfig,
  tasks_name: str,
  logdir: str,
) -> None:
  """Writes the fields of a run to the page HParams, sequences as JSON.

  Args:
    writer: `SummaryWriter` of the run.
    config: `MetaTrainConfig` of the run.
    tasks_name: Name of the task distribution, in place of its fields.
    logdir: Log folder of the run.
  """
  fields = {**config.to_json(), "tasks": tasks_name}
  folder, name = os.path.split(os.path.normpath(logdir))
  run_name = f"{name} in {folder or '.'}"
  writer.hyper_parameters(_flattened(fields), _METRICS, run_name)


def _flattened(
  fields: dict[str, Any], prefix: str = ""
) -> dict[str, bool | float | int | str]:
  """Nested fields as `name.name`; values that are not plain as JSON."""
  flat = {}
  for name, value in fields.items():
    if isinstance(value, dict):
      flat.update(_flattened(value, f"{prefix}{name}."))
    elif isinstance(value, bool | float | int | str):
      flat[f"{prefix}{name}"] = value
    else:
      flat[f"{prefix}{name}"] = json.dumps(value)
  return flat
