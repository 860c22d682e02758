# SPDX-License-Identifier: Apache-2.0
"""Flags of inner training: its length, optimizer and meta-objective."""

from typing import Any

from absl import flags

from experiments.common.dataclass_flags import DataclassFlags
from lurl_tf.meta import MetaTrainConfig, UnrollConfig
from lurl_tf.optimizers import InnerOptimizerConfig

_CONFIG = DataclassFlags(
  MetaTrainConfig,
  ["min_horizon", "max_horizon", "inner_learning_rates"],
  default="that of the initial rule",
)
_LEARNED = DataclassFlags(MetaTrainConfig, ["learn_inner_rates"])
_MIN_TRUNCATION = flags.DEFINE_integer(
  "min_truncation",
  None,
  "Least number of inner steps of a truncation. Default: 10, or the horizon "
  "with --estimator=bptt.",
)
_MAX_TRUNCATION = flags.DEFINE_integer(
  "max_truncation",
  None,
  "Largest number of inner steps of a truncation. Default: 10, or "
  "--min_truncation if that is larger or the estimator is bptt.",
)
_OBJECTIVE = DataclassFlags(
  UnrollConfig,
  ["scored_layers", "ridge", "penalty_in_loss"],
)
_OPTIMIZER = flags.DEFINE_string(
  "inner_optimizer",
  None,
  "Optimizer that turns the rule's proposals into the next inner weights: "
  "decayed_sgd, sgd or adam, with options of InnerOptimizerConfig such as "
  "'adam epsilon=0.001'. Adam needs far smaller inner learning rates. Default: "
  "that of the initial rule.",
)


def fields_from_flags() -> dict[str, Any]:
  """Fields of `MetaTrainConfig` that were given.

  Raises:
    ValueError: If a value is out of range.
  """
  fields = {**_CONFIG.given(), **_LEARNED.given()}
  if _OPTIMIZER.value is not None:
    optimizer = InnerOptimizerConfig.from_text(_OPTIMIZER.value)
    fields["inner_optimizer"] = optimizer
  return fields


def objective_from_flags() -> dict[str, Any]:
  """Fields of `UnrollConfig` that were given."""
  return _OBJECTIVE.given()


def truncation_lengths(estimator: str, horizon: int) -> tuple[int, int]:
  """Chooses the least and the largest number of inner steps of a truncation.

  Args:
    estimator: Name of the estimator of the meta-gradient.
    horizon: Largest number of inner steps of an inner training.
  """
  shortest, longest = _MIN_TRUNCATION.value, _MAX_TRUNCATION.value
  whole = estimator == "bptt"
  default = horizon if whole else MetaTrainConfig.min_truncation
  if shortest is None:
    shortest = default if longest is None else min(longest, default)
  if longest is None:
    longest = shortest if whole else max(shortest, UnrollConfig.max_steps)
  return shortest, longest
