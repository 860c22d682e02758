# SPDX-License-Identifier: Apache-2.0
"""Flags of the meta-training engine: replicas, and the gradient estimator.

A script that uses them says so, and `--help` then lists them as its own:

    from experiments.training import engine_flags
    flags.adopt_module_key_flags(engine_flags)
"""

import typing

import tensorflow as tf
from absl import flags

from lurl_tf.meta.estimators import (
  ESTIMATORS,
  EVOLUTION,
  EstimatorConfig,
)
from lurl_tf.meta.inner.unroll_config import Convolutions, Recompute
from lurl_tf.meta.strategy import (
  STRATEGIES,
  make_strategy,
)

_STRATEGY = flags.DEFINE_enum(
  "strategy",
  "default",
  STRATEGIES,
  "How replicas are distributed: one replica; one on every GPU of this "
  "machine; on the machines that TF_CONFIG lists; on every core of a TPU or a "
  "pod.",
)
_TPU = flags.DEFINE_string(
  "tpu", "", "Name or address of the TPU of --strategy=tpu, or local."
)
_CPU_REPLICAS = flags.DEFINE_integer(
  "cpu_replicas",
  0,
  "With --strategy=mirrored: replicas that share this machine's processor, to "
  "try on it what will run elsewhere.",
)
STEPS_PER_CALL = flags.DEFINE_integer(
  "steps_per_call",
  1,
  "Outer steps in one call of a compiled function; more spare an accelerator "
  "the wait for Python, and take longer to compile.",
  lower_bound=1,
)
SLOTS_PER_PROGRAM = flags.DEFINE_integer(
  "slots_per_program",
  None,
  "Task slots in one compiled program. Default: one on CPUs, all on GPUs and "
  "TPUs.",
  lower_bound=1,
)
RECOMPUTE = flags.DEFINE_enum(
  "recompute",
  "auto",
  typing.get_args(Recompute),
  "What of the inside of every inner step the backward pass computes anew, in "
  "place of keeping it: all; all but the results of the rule's large "
  "products and, by XLA, the statistics of its normalisations; nothing. auto: "
  "by the size of what would be kept.",
)
PRODUCT_DTYPE = flags.DEFINE_enum(
  "product_dtype",
  "float32",
  ["float32", "bfloat16"],
  "Type that the factors of the rule's large matrix products are rounded to, "
  "by the graph their results, too; all else stays float32.",
)
CONVOLUTIONS = flags.DEFINE_enum(
  "convolutions",
  "auto",
  typing.get_args(Convolutions),
  "How rules of published mixing convolve many channels: winograd takes half "
  "the multiplications, for processors by XLA. auto: winograd where that is "
  "faster.",
)
COMPILER = flags.DEFINE_enum(
  "compiler",
  "xla",
  ["xla", "graph"],
  "What runs the inner steps: XLA, or a graph of TensorFlow's own operations, "
  "which compiles in half the time and, for large base models and rules of "
  "published mixing with fewer than 40 channels, is as fast on processors.",
)
_ESTIMATOR = flags.DEFINE_enum(
  "estimator",
  "tbptt",
  list(ESTIMATORS),
  "Of the meta-gradient: truncated or full backpropagation through time; "
  "evolution strategies on truncations, persistent ones, or of a single "
  "perturbation per inner training; a mixture by group of meta-parameters.",
)
PAIRS = flags.DEFINE_integer(
  "pairs",
  EstimatorConfig.pairs,
  "Antithetic pairs of perturbations per task slot.",
)
PERTURBATION = flags.DEFINE_float(
  "perturbation",
  EstimatorConfig.perturbation,
  "Standard deviation of perturbations.",
)
_CLIP_DIFFERENCE = flags.DEFINE_float(
  "clip_difference",
  EstimatorConfig.clip_difference,
  "Largest difference of the losses of a pair; 0: any.",
)
_EVOLVED = flags.DEFINE_list(
  "evolved",
  list(EstimatorConfig.evolved),
  "With --estimator=mixture: regular expressions of the names of the "
  "meta-parameters that are left to evolution.",
)
_EVOLUTION = flags.DEFINE_enum(
  "evolution",
  EstimatorConfig.evolution,
  list(EVOLUTION),
  "With --estimator=mixture: the estimator of those.",
)


def strategy_from_flags() -> tf.distribute.Strategy:
  """The strategy that the flags describe; before all else of TensorFlow.

  Raises:
    ValueError: if flags do not fit together, or what they need is not there.
  """
  return make_strategy(_STRATEGY.value, _TPU.value, _CPU_REPLICAS.value)


def estimator_from_flags() -> EstimatorConfig:
  """The estimator that the flags describe.

  Raises:
    ValueError: if a number is out of range.
  """
  return EstimatorConfig(
    name=_ESTIMATOR.value,
    pairs=PAIRS.value,
    perturbation=PERTURBATION.value,
    clip_difference=_CLIP_DIFFERENCE.value,
    evolved=tuple(_EVOLVED.value),
    evolution=_EVOLUTION.value,
  )
