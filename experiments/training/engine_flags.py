# SPDX-License-Identifier: Apache-2.0
"""Flags of the engine: devices, compiler and memory. They decide the speed."""

from typing import Any

import tensorflow as tf
from absl import flags

from experiments.common.dataclass_flags import DataclassFlags
from lurl_tf.meta import UnrollConfig
from lurl_tf.meta.strategy import STRATEGIES, make_strategy

_STRATEGY = flags.DEFINE_enum(
  "strategy",
  "default",
  STRATEGIES,
  "Placement of the replicas: default, one replica; mirrored, one on every GPU "
  "of this machine; multi_worker, on the machines listed in TF_CONFIG; tpu, "
  "one on every core of a TPU or a pod.",
)
_TPU = flags.DEFINE_string(
  "tpu", "", "Name or address of the TPU of --strategy=tpu, or local."
)
_CPU_REPLICAS = flags.DEFINE_integer(
  "cpu_replicas",
  0,
  "Number of replicas that share this machine's CPU, with --strategy=mirrored; "
  "for trials of a strategy.",
)
STEPS_PER_CALL = flags.DEFINE_integer(
  "steps_per_call",
  1,
  "Outer steps in one call of a compiled function. More save GPUs and TPUs the "
  "wait for Python, and take longer to compile.",
  lower_bound=1,
)
SLOTS_PER_PROGRAM = flags.DEFINE_integer(
  "slots_per_program",
  None,
  "Task slots in one compiled program. Default: one on CPUs, all on GPUs and "
  "TPUs.",
  lower_bound=1,
)
_UNROLL = DataclassFlags(
  UnrollConfig, ["recompute", "product_dtype", "convolutions", "compiler"]
)


def strategy_from_flags() -> tf.distribute.Strategy:
  """Makes the strategy. TensorFlow must not have computed anything before.

  Raises:
    ValueError: If flags do not fit together, or a device is missing.
  """
  return make_strategy(_STRATEGY.value, _TPU.value, _CPU_REPLICAS.value)


def unroll_from_flags() -> dict[str, Any]:
  """Fields of `UnrollConfig` that were given."""
  return _UNROLL.given()
