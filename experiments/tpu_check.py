# SPDX-License-Identifier: Apache-2.0
"""Compiles the outer step for TPUs on a machine without one.

The replica function of the trainer, with a TPUStrategy of four chips that do
not exist, is compiled by the compiler of libtpu. Nothing is executed, so the
numbers are not checked. The script needs an environment of its own:

    pip install -r experiments/tpu_check_requirements.txt
    python -m experiments.tpu_check
"""

import dataclasses
from typing import Any

import numpy as np
from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import script
from experiments.common.results import check_writable, write_results
from lurl_tf.meta.runs.progress import format_seconds
from lurl_tf.meta.strategy import use_full_precision
from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.meta.trainer import MetaTrainer
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import LabelledExamples, RuleConfig
from lurl_tf.tables import format_table
from lurl_tf.tasks import named_distribution
from lurl_tf.tasks.distributions import Bucket
from lurl_tf.tasks.episodes import TaskSampler

# Memory of one core in bytes, by topology.
TOPOLOGIES = {"v5e:2x2": 16e9, "v4:2x2x1": 32e9 / 2}
SIZES = ("compact", "metz2019")
# Outer steps in the loop of the program; the chips reduce in each.
STEPS_PER_CALL = 10

_SIZES = flags.DEFINE_list(
  "sizes", list(SIZES), f"Sizes to compile, of {', '.join(SIZES)}."
)
_TOPOLOGIES = flags.DEFINE_list(
  "topologies", list(TOPOLOGIES), f"Topologies, of {', '.join(TOPOLOGIES)}."
)
flags.declare_key_flag("results")


def make_config(size: str) -> MetaTrainConfig:
  """Returns the config of a run on the largest bucket of a distribution.

  Args:
    size: `"compact"`, with the default rule of `meta_train`, or `"metz2019"`,
      with the published rule.

  Returns:
    Config of the run.
  """
  tasks = named_distribution(size)
  tasks = dataclasses.replace(
    tasks, buckets=(max(tasks.buckets, key=_num_weights),)
  )
  rule = RuleConfig()
  if size == "compact":
    rule = RuleConfig(
      hidden_channels=24,
      delta_channels=16,
      top_channels=16,
      output_size=tasks.buckets[0].units[-1],
      mixing="pooled",
    )
  return MetaTrainConfig(rule=rule, tasks=tasks, learn_inner_rates=True)


def make_trainer(config: MetaTrainConfig, strategy: Any) -> MetaTrainer:
  """Makes a trainer on random images, since nothing is executed."""
  (bucket,) = config.tasks.buckets
  shape = (bucket.image_size, bucket.image_size, 1)
  classes = bucket.episodes.classes_per_task
  labels = np.repeat(np.arange(classes), 50).astype(np.int32)
  inputs = np.random.default_rng(0).integers(
    0, 256, (len(labels), np.prod(shape)), np.uint8
  )
  names = tuple(f"class_{k}" for k in range(classes))
  sampler = TaskSampler(
    LabelledExamples(inputs, labels, names, shape),
    bucket.episodes,
    config.seed,
    "meta_train",
  )
  return MetaTrainer(
    UpdateRule(config.rule, seed=config.seed),
    [sampler],
    config,
    strategy,
    steps_per_call=STEPS_PER_CALL,
  )


def check(program: Any, topology: str) -> list[str]:
  """Returns descriptions of the problems of a compiled program."""
  problems = []
  if program.all_reduces < 1:
    problems.append("no all-reduce: replicas would not learn from each other")
  if program.temp_bytes + program.argument_bytes > TOPOLOGIES[topology]:
    problems.append(f"{program.temp_bytes:.3g} bytes do not fit")
  if not program.flops > 0:
    problems.append("nothing is computed")
  if set(program.precisions) != {"highest"}:
    problems.append(f"products are not of float32: {program.precisions}")
  return problems


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    _check_names("sizes", _SIZES.value, SIZES)
    _check_names("topologies", _TOPOLOGIES.value, tuple(TOPOLOGIES))
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
  try:
    import jax  # noqa: F401
    import libtpu  # noqa: F401
  except ImportError as error:
    raise SystemExit(
      f"Error: {error}; this needs an environment made of "
      "experiments/tpu_check_requirements.txt"
    ) from error
  from experiments.speed import fake_tpu

  use_full_precision()
  strategy = fake_tpu.fake_strategy()
  rows, results = [], []
  for size in _SIZES.value:
    config = make_config(size)
    print(f"{size}: tracing {config.tasks.buckets[0].units} ...", flush=True)
    hlo = fake_tpu.lower_step(strategy, make_trainer(config, strategy))
    for topology in _TOPOLOGIES.value:
      print(f"{size}: compiling for {topology} ...", flush=True)
      program = fake_tpu.compile_for(topology, hlo)
      problems = check(program, topology)
      rows.append(_row(size, topology, program, problems))
      results.append(
        {
          "size": size,
          "topology": topology,
          **dataclasses.asdict(program),
          "problems": problems,
        }
      )
  headers = (
    "size for",
    "all-reduces",
    "reduced",
    "temp memory",
    "arguments",
    "code",
    "Mflop",
    "float32 products",
    "compiled in",
    "verdict",
  )
  print(f"\n{format_table(headers, rows)}")
  if shared_flags.RESULTS.value:
    write_results(shared_flags.RESULTS.value, {"programs": results})
  if any(result["problems"] for result in results):
    raise SystemExit(1)


def _row(size, topology, program, problems):
  products = sum(program.precisions.values())
  return [
    f"{size} {topology}",
    program.all_reduces,
    f"{program.reduced_bytes / 1e3:.0f} kB",
    f"{program.temp_bytes / 1e6:.0f} MB",
    f"{program.argument_bytes / 1e6:.0f} MB",
    f"{program.code_bytes / 1e6:.0f} MB",
    f"{program.flops / 1e6:.0f}",
    f"{program.precisions.get('highest', 0)} of {products}",
    format_seconds(program.seconds),
    "; ".join(problems) or "passes",
  ]


def _num_weights(bucket: Bucket) -> int:
  sizes = (bucket.image_size**2, *bucket.units)
  return sum(one * other for one, other in zip(sizes, sizes[1:]))


def _check_names(flag, values, known):
  for value in values:
    if value not in known:
      raise ValueError(
        f"--{flag} must be some of {', '.join(known)}. Received: {value!r}"
      )


if __name__ == "__main__":
  script.run(main)
