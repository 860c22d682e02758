# SPDX-License-Identifier: Apache-2.0
"""Runs of several replicas, in processes of their own.

TensorFlow's logical devices and clusters are set up once per process.

python -m tests.meta.replica_run mirrored folder
python -m tests.meta.replica_run worker folder   # reads TF_CONFIG
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.strategy import make_strategy
from tests import tiny_meta

STEPS, REPLICAS, SLOTS = 20, 2, 2


def make_config():
  """A tiny run that clips no gradient."""
  return tiny_meta.make_config(
    tasks=tiny_meta.make_tasks((6,)),
    slots=SLOTS,
    unroll={"max_steps": 3},
    min_truncation=1,
    min_horizon=3,
    max_horizon=5,
    learn_inner_rates=True,
    slot_clip_norm=1e9,
    clip_norm=1e9,
  )


def local_values(strategy, values):
  """A list of the structures of this process's replicas."""
  columns = [
    [each.numpy() for each in strategy.experimental_local_results(value)]
    for value in tf.nest.flatten(values)
  ]
  return list(zip(*columns))


def run(kind, folder):
  """Saves all that the tests compare."""
  if kind == "mirrored":
    strategy = make_strategy("mirrored", cpu_replicas=REPLICAS)
  else:
    strategy = make_strategy("multi_worker")
  # One program for both slots: graphs hold half the operations.
  trainer = tiny_meta.make_trainer(
    make_config(), strategy=strategy, jit_compile=False, slots_per_program=SLOTS
  )
  worker = 0 if kind == "mirrored" else strategy.cluster_resolver.task_id
  wishes = kind == "mirrored" or worker == REPLICAS - 1
  first = trainer.train(1)
  after_1 = local_values(strategy, trainer.state.values.outer)
  trainer.train(9)
  trainer.write_checkpoint(folder / f"{kind}_after_10")
  trainer.train(STEPS - 10)
  trainer.write_checkpoint(folder / f"{kind}_after_20")
  traces = trainer.trace_count
  outer = local_values(strategy, trainer.state.values.outer)
  # And again from the checkpoint.
  barrier = tf.function(
    lambda: strategy.run(
      lambda: tf.distribute.get_replica_context().all_reduce("SUM", 1.0)
    )
  )
  barrier()
  trainer.read_checkpoint(folder / f"{kind}_after_10")
  trainer.train(STEPS - 10)
  trainer.write_checkpoint(folder / f"{kind}_again_20")
  np.savez(
    folder / f"{kind}_{worker}.npz",
    replicas=distribution.local_replicas(strategy),
    gradient_norm=first.gradient_norm,
    means_after_1=[each[1] for each in after_1],
    parameters=[each[0] for each in outer],
    traces=[traces, trainer.trace_count],
    # A wish of one worker stops all, after the same step.
    stopped_at=stop_early(trainer, wishes),
  )


def stop_early(trainer, wishes):
  """How many steps are done if this process asks to stop in the third."""
  asked = []

  def should_stop():
    asked.append(True)
    return wishes and len(asked) > 2

  trainer.train(9, should_stop=should_stop)
  return trainer.step - STEPS if trainer.stopped else -1


if __name__ == "__main__":
  run(sys.argv[1], pathlib.Path(sys.argv[2]))
