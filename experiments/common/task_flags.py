# SPDX-License-Identifier: Apache-2.0
"""Flags that say what tasks to draw: a distribution, and changes to it.

A flag that is not given leaves the distribution's own value.

    from experiments.common import task_flags
    flags.adopt_module_key_flags(task_flags)
"""

import dataclasses

from absl import flags

from experiments.common import flags as shared_flags
from lurl_tf.tasks import (
  Bucket,
  TaskDistribution,
  distribution_names,
  find_distribution,
  holds_images,
)

TASKS = flags.DEFINE_string(
  "tasks",
  "quick",
  "Task distribution: quick, small, compact or metz2019, the path of a .json "
  "file, or the name of one data set.",
)
LOGDIR = flags.DEFINE_string(
  "logdir",
  None,
  "Folder of what the script leaves: pictures and curves for TensorBoard, and "
  "of a meta-training its checkpoints and the rule.",
)
_CLASSES_PER_TASK = flags.DEFINE_integer(
  "classes_per_task", None, "Classes of a task, 2 to 30."
)
_OBJECTIVE_DRAWS = flags.DEFINE_integer(
  "objective_draws", None, "Label draws for every scored state."
)
_PERMUTE_INPUTS = flags.DEFINE_bool(
  "permute_inputs",
  None,
  "Whether every task has its own order of inputs.",
)
_MAX_SHIFT = flags.DEFINE_float(
  "max_shift", None, "Largest random shift of an image, in pixels."
)
_MAX_ROTATION = flags.DEFINE_float(
  "max_rotation", None, "Largest random rotation of an image, in degrees."
)
_NOISE_STDDEV = flags.DEFINE_float(
  "noise_stddev", None, "Largest standard deviation of an image's noise."
)
_INPUT_DROPOUT = flags.DEFINE_float(
  "input_dropout", None, "Share of the inputs that a task never sees."
)
_REGRESS_AUGMENTATION = flags.DEFINE_bool(
  "regress_augmentation",
  None,
  "Whether angles, shifts and noise are targets of the objective, too.",
)
flags.adopt_module_key_flags(shared_flags)


def tasks_from_flags() -> TaskDistribution:
  """The distribution that the flags describe.

  Raises:
    OSError: if the JSON file cannot be read.
    ValueError: if it is damaged, or a value is out of range.
  """
  tasks = find_distribution(TASKS.value)
  buckets = tuple(_changed_bucket(bucket) for bucket in tasks.buckets)
  if shared_flags.IMAGE_SIZE.value is None and _is_without_images(tasks):
    buckets = tuple(
      dataclasses.replace(bucket, image_size=None) for bucket in buckets
    )
  augmentation = _replaced(
    tasks.augmentation,
    max_shift=_MAX_SHIFT.value,
    max_rotation=_MAX_ROTATION.value,
    noise_stddev=_NOISE_STDDEV.value,
    input_dropout=_INPUT_DROPOUT.value,
  )
  return _replaced(
    tasks,
    buckets=tuple(dict.fromkeys(buckets)),
    augmentation=augmentation,
    regress_augmentation=_REGRESS_AUGMENTATION.value,
  )


def _changed_bucket(bucket: Bucket) -> Bucket:
  per_class = shared_flags.EXAMPLES_PER_CLASS.value
  return _replaced(
    bucket,
    units=shared_flags.UNITS.value,
    activation=shared_flags.ACTIVATION.value,
    image_size=shared_flags.IMAGE_SIZE.value,
    episodes=_replaced(
      bucket.episodes,
      classes_per_task=_CLASSES_PER_TASK.value,
      batch_size=shared_flags.BATCH_SIZE.value,
      support_per_class=per_class,
      query_per_class=per_class,
      draws=_OBJECTIVE_DRAWS.value,
      permute_inputs=_PERMUTE_INPUTS.value,
    ),
  )


def _is_without_images(tasks: TaskDistribution) -> bool:
  """Whether `--tasks` is a single set of texts or vectors."""
  name = TASKS.value
  if name in distribution_names() or tasks.sources[0].name != name:
    return False
  return not holds_images(name, shared_flags.DATA_DIR.value)


def _replaced(fields, **values):
  """`dataclasses.replace` with the values that are not None."""
  given = {name: value for name, value in values.items() if value is not None}
  return dataclasses.replace(fields, **given)
