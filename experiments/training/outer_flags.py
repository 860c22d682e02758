# SPDX-License-Identifier: Apache-2.0
"""Flags of outer training: its length, optimizer and gradient estimator."""

from typing import Any

from absl import flags

from experiments.common.dataclass_flags import DataclassFlags
from lurl_tf.meta import EstimatorConfig, MetaTrainConfig

NUM_STEPS = flags.DEFINE_integer(
  "num_steps",
  None,
  "Outer steps of the whole run. Default: 250; without --hours only.",
  lower_bound=1,
)
HOURS = flags.DEFINE_float(
  "hours",
  None,
  "Hours of the whole run, over all sessions. It decides when the run ends, "
  "and nothing else.",
)
_CONFIG = DataclassFlags(
  MetaTrainConfig,
  [
    "slots",
    "learning_rate",
    "decay_steps",
    "clip_norm",
    "average_decay",
    "rollback_after",
  ],
)
_ESTIMATOR = DataclassFlags(
  EstimatorConfig,
  [
    "name",
    "pairs",
    "perturbation",
    "clip_difference",
    "evolved",
    "evolution",
  ],
  renamed={"name": "estimator"},
)


def estimator_from_flags() -> EstimatorConfig:
  """Makes the estimator of the meta-gradient.

  Raises:
    ValueError: If a value is out of range.
  """
  return EstimatorConfig(**_ESTIMATOR.given())


def fields_from_flags() -> dict[str, Any]:
  """Fields of `MetaTrainConfig` that were given."""
  return _CONFIG.given()
