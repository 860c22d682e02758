# SPDX-License-Identifier: Apache-2.0
"""Scores the checkpoints of a meta-training run as they appear.

python -m experiments.watch --logdir=runs/mine
python -m experiments.watch --logdir=runs/mine --suite=lurl_digits,mnist

It runs beside the meta-training, in a process of its own, until Ctrl-C or
--timeout. Results are written below `evaluation/` in the run's folder.
"""

from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import rule_flags, script, task_flags
from experiments.common.data import image_size_for, load_splits
from experiments.evaluation.follow_run import Follower, SuiteEntry
from lurl_tf.meta import VALIDATION_SEED, Validation
from lurl_tf.meta.runs.card import rule_metadata
from lurl_tf.meta.runs.description import read_description
from lurl_tf.tasks import load_samplers

_SUITE = flags.DEFINE_list(
  "suite",
  ["lurl_digits"],
  "Data sets on which every checkpoint is scored, for reports only. The best "
  "rule is chosen on the meta-validation split of the run's tasks.",
)
_TIMEOUT = flags.DEFINE_float(
  "timeout",
  0.0,
  "Seconds without a new checkpoint after which the script ends; 0: never.",
  lower_bound=0.0,
)
for _module in (shared_flags, rule_flags):
  flags.adopt_module_key_flags(_module)
flags.declare_key_flag("logdir")


def follower_from_flags() -> Follower:
  """Builds the follower of the run in `--logdir`.

  Raises:
    OSError: If the run or a data set cannot be read.
    ValueError: If a flag does not apply to this script.
  """
  rule_flags.refuse_flags(
    rule_flags.RULE, rule_flags.DATASET, shared_flags.RESULTS
  )
  logdir = task_flags.LOGDIR.value
  description = read_description(logdir)
  config = description.config
  held_out = load_samplers(
    config.tasks,
    "meta_validation",
    shared_flags.DATA_DIR.value,
    VALIDATION_SEED,
  )
  metadata = rule_metadata(config, held_out[0], description.tasks)
  suite = [
    SuiteEntry(
      name, *load_splits(name, image_size_for(name, metadata.image_size))
    )
    for name in _SUITE.value
  ]
  return Follower(
    logdir,
    description,
    metadata,
    Validation(held_out, config),
    suite,
    rule_flags.config_from_flags,
  )


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    follower = follower_from_flags()
  print(f"Following {task_flags.LOGDIR.value}; Ctrl-C ends it.", flush=True)
  follower.follow(_TIMEOUT.value)


if __name__ == "__main__":
  script.run(main, required=["logdir"])
