# SPDX-License-Identifier: Apache-2.0
"""Draws examples of a task distribution, and measures its headroom.

python -m experiments.show_tasks --tasks=quick --logdir=runs/tasks
"""

import io
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from absl import flags
from PIL import Image

from experiments.common import flags as shared_flags
from experiments.common import script, task_flags
from experiments.common.results import check_writable, write_results
from experiments.inspection.contact_sheet import contact_sheet
from lurl_tf import files
from lurl_tf.evaluation.comparison_result import format_accuracy
from lurl_tf.evaluation.headroom import Headroom, measure_headroom
from lurl_tf.meta.runs.progress import Progress
from lurl_tf.summaries import SummaryWriter
from lurl_tf.tables import format_table
from lurl_tf.tasks import TaskDistribution, TaskSampler, load_samplers

_USE = flags.DEFINE_enum(
  "use",
  "meta_train",
  ["meta_train", "meta_validation", "test"],
  "Data sets of the distribution to show.",
)
_NUM_TASKS = flags.DEFINE_integer(
  "num_tasks", 6, "Tasks per contact sheet.", lower_bound=1
)
_HEADROOM = flags.DEFINE_bool(
  "headroom",
  False,
  "Whether to measure the accuracy of random features, raw inputs and k-means "
  "on every data set.",
)
_HEADROOM_TASKS = flags.DEFINE_integer(
  "headroom_tasks", 20, "Tasks per data set of --headroom.", lower_bound=2
)
flags.adopt_module_key_flags(task_flags)


def source_table(
  tasks: TaskDistribution, samplers: Sequence[TaskSampler]
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
  """Lists the data sets of each bucket with their sampling shares.

  Args:
    tasks: Task distribution.
    samplers: Samplers of one split, one per bucket.

  Returns:
    Headers, and a row per bucket and data set.
  """
  headers = ("bucket", "data set", "share", "classes", "examples", "inputs")
  rows = []
  for bucket, sampler in zip(tasks.buckets, samplers, strict=True):
    total = sum(each.weight for each in sampler.data_sets)
    for name in data_set_names(sampler):
      same = [each for each in sampler.data_sets if each.name == name]
      examples = same[0].examples
      classes = range(len(examples.class_names))
      if same[0].classes is not None:
        classes = same[0].classes
      share = 100 * sum(each.weight for each in same) / total
      rows.append(
        (
          str(bucket),
          name,
          f"{share:.0f} %",
          f"{len(classes)} of {len(examples.class_names)}",
          sum(len(each.examples.labels) for each in same),
          " x ".join(map(str, sampler.image_shape)),
        )
      )
  return headers, rows


def data_set_names(sampler: TaskSampler) -> tuple[str, ...]:
  """Returns the distinct names of a sampler's data sets."""
  return tuple(dict.fromkeys(each.name for each in sampler.data_sets))


def headroom_table(bucket: str, rows: Sequence[Headroom]) -> str:
  """Formats accuracies, with the meta-objective in brackets, by data set."""

  def cell(score):
    accuracy = format_accuracy(score.accuracy, score.accuracy_stderr)
    return f"{accuracy} ({score.loss:.2f})"

  headers = (
    bucket,
    "chance",
    "random features",
    "raw inputs",
    "k-means",
    "headroom",
  )
  return format_table(
    headers,
    [
      (
        row.data_set,
        f"{100 * row.chance:.0f}",
        cell(row.random_features),
        cell(row.raw_inputs),
        cell(row.k_means),
        f"{100 * row.gain:+.1f}",
      )
      for row in rows
    ],
  )


def write_sheets(
  tasks: TaskDistribution,
  samplers: Sequence[TaskSampler],
  logdir: str,
  num_tasks: int,
) -> list[str]:
  """Writes a contact sheet per bucket as a PNG file and for TensorBoard.

  Args:
    tasks: Task distribution.
    samplers: Samplers, one per bucket.
    logdir: Folder of the files; it is created if missing.
    num_tasks: Number of tasks on a sheet.

  Returns:
    Paths of the PNG files.
  """
  writer = SummaryWriter(logdir)
  paths = []
  for index, sampler in enumerate(samplers):
    pixels = contact_sheet(sampler, tasks.augmentation, num_tasks)
    paths.append(tf.io.gfile.join(logdir, f"tasks_{index}.png"))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    files.write_atomically(paths[-1], buffer.getvalue())
    writer.image(0, f"tasks/{index}", pixels)
  writer.flush()
  return paths


def _measure(
  tasks: TaskDistribution, samplers: Sequence[TaskSampler]
) -> list[list[Headroom]]:
  """Measures the headroom of every bucket and data set."""
  total = sum(len(data_set_names(sampler)) for sampler in samplers)
  progress = Progress(total, unit="data set", label="headroom")
  measured, done = [], 0
  for bucket, sampler in zip(tasks.buckets, samplers, strict=True):
    measured.append([])
    for name in data_set_names(sampler):
      measured[-1].append(
        measure_headroom(
          sampler,
          bucket,
          tasks.augmentation,
          name,
          _HEADROOM_TASKS.value,
          shared_flags.SEED.value,
        )
      )
      done += 1
      progress.update(done)
  return measured


def _json_headroom(bucket: str, row: Headroom) -> dict[str, Any]:
  fields = {
    name: value._asdict() if isinstance(value, tuple) else value
    for name, value in row._asdict().items()
  }
  return {"bucket": bucket, **fields, "headroom": row.gain}


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
    files.check_folder_writable(task_flags.LOGDIR.value)
    tasks = task_flags.tasks_from_flags()
    samplers = load_samplers(
      tasks,
      _USE.value,
      shared_flags.DATA_DIR.value,
      shared_flags.SEED.value,
    )
    paths = write_sheets(
      tasks, samplers, task_flags.LOGDIR.value, _NUM_TASKS.value
    )
  headers, rows = source_table(tasks, samplers)
  measured = _measure(tasks, samplers) if _HEADROOM.value else []
  print(f"\nTasks {task_flags.TASKS.value}, {_USE.value}")
  print(format_table(headers, rows))
  if measured:
    print(
      "\nAccuracy in % +- standard error (meta-objective). Headroom in points: "
      "the better of\nraw inputs and k-means minus random features"
    )
  names = [str(bucket) for bucket in tasks.buckets]
  for name, each in zip(names, measured):
    print(f"\n{headroom_table(name, each)}")
  print(f"\nContact sheets: {', '.join(paths)}")
  if shared_flags.RESULTS.value:
    write_results(
      shared_flags.RESULTS.value,
      {
        "tasks": tasks.to_json(),
        "use": _USE.value,
        "data_sets": [dict(zip(headers, row)) for row in rows],
        "headroom": [
          _json_headroom(name, row)
          for name, each in zip(names, measured)
          for row in each
        ],
        "contact_sheets": paths,
      },
    )


if __name__ == "__main__":
  script.run(main, required=["logdir"])
