# SPDX-License-Identifier: Apache-2.0
"""Flags of the tasks: a distribution, and changes to it.

A flag that is not given leaves the distribution's own value.

    from experiments.common import task_flags
    flags.adopt_module_key_flags(task_flags)
"""

import dataclasses

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common.dataclass_flags import DataclassFlags
from lurl_tf.meta.fit import find_tasks
from lurl_tf.tasks import (
  AugmentationConfig,
  Bucket,
  EpisodeConfig,
  TaskDistribution,
)

TASKS = flags.DEFINE_string(
  "tasks",
  "quick",
  "Name of a task distribution (quick, small, compact or metz2019), path of a "
  ".json file, or name of one data set.",
)
LOGDIR = flags.DEFINE_string(
  "logdir",
  None,
  "Output folder of pictures and curves for TensorBoard, and in meta-training "
  "of checkpoints and rules.",
)
_OF_TASKS = "that of --tasks"
_EPISODES = DataclassFlags(
  EpisodeConfig,
  ["classes_per_task", "draws", "permute_inputs"],
  renamed={"draws": "objective_draws"},
  default=_OF_TASKS,
)
_AUGMENTATION = DataclassFlags(
  AugmentationConfig,
  ["max_shift", "max_rotation", "noise_stddev", "input_dropout"],
  default=_OF_TASKS,
)
_TASKS = DataclassFlags(
  TaskDistribution, ["regress_augmentation"], default=_OF_TASKS
)
for _name in (
  "activation",
  "batch_size",
  "data_dir",
  "examples_per_class",
  "image_size",
  "results",
  "seed",
  "units",
):
  flags.declare_key_flag(_name)


def tasks_from_flags() -> TaskDistribution:
  """Makes the task distribution.

  Raises:
    OSError: If the JSON file cannot be read.
    ValueError: If it is damaged, or a value is out of range.
  """
  tasks = find_tasks(TASKS.value, shared_flags.DATA_DIR.value)
  buckets = tuple(_changed_bucket(bucket) for bucket in tasks.buckets)
  return dataclasses.replace(
    tasks,
    # Buckets that became equal are one.
    buckets=tuple(dict.fromkeys(buckets)),
    augmentation=dataclasses.replace(
      tasks.augmentation, **_AUGMENTATION.given()
    ),
    **_TASKS.given(),
  )


def _changed_bucket(bucket: Bucket) -> Bucket:
  per_class = shared_flags.EXAMPLES_PER_CLASS.value
  episodes = _replaced(
    bucket.episodes,
    batch_size=shared_flags.BATCH_SIZE.value,
    support_per_class=per_class,
    query_per_class=per_class,
    **_EPISODES.given(),
  )
  return _replaced(
    bucket,
    units=shared_flags.UNITS.value,
    activation=shared_flags.ACTIVATION.value,
    image_size=shared_flags.IMAGE_SIZE.value,
    episodes=episodes,
  )


def _replaced(fields, **values):
  """`dataclasses.replace` with the values that are not None."""
  given = {name: value for name, value in values.items() if value is not None}
  return dataclasses.replace(fields, **given)
