# SPDX-License-Identifier: Apache-2.0
"""Flags of the initial rule: a stored one, or sizes of a random one."""

import dataclasses
from typing import Any

from absl import flags

from experiments.common.dataclass_flags import DataclassFlags
from lurl_tf.meta import ImitationConfig, MetaTrainConfig
from lurl_tf.meta.estimators import EVOLUTION
from lurl_tf.meta.fit import DEFAULT_START
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig

_RANDOM = "random"

_INITIAL_RULE = flags.DEFINE_string(
  "initial_rule",
  None,
  "Name of a preset, preset folder or log folder of the rule that the run "
  f"starts from, or {_RANDOM}. Default: {DEFAULT_START}, or {_RANDOM} if "
  "--teacher or a flag of a random rule is given. A random rule has longer "
  "inner trainings and larger learning rates.",
)
_SIZES = DataclassFlags(
  RuleConfig,
  ["mixing", "hidden_channels", "delta_channels"],
  default="that of the initial rule",
)
_TERM_COEFFICIENT = DataclassFlags(MetaTrainConfig, ["term_coefficient"])
_TEACHER = DataclassFlags(ImitationConfig, ["teacher"], default="no teacher")


def imitation_from_flags(
  estimator: str, learn_inner_rates: bool
) -> ImitationConfig | None:
  """Makes the config of imitation; None without a teacher.

  Args:
    estimator: Name of the estimator of the meta-gradient.
    learn_inner_rates: Whether the inner learning rates are meta-learned.

  Raises:
    ValueError: If the flags do not fit the others, or a value is out of range.
  """
  teacher = _TEACHER.given()
  if not teacher:
    return None
  name = teacher["teacher"]
  # The loss is that of single steps, on which the rates have no influence.
  if estimator in (*EVOLUTION, "mixture"):
    raise ValueError(
      "Expected an estimator by backpropagation, tbptt or bptt, with "
      f"`teacher`. Received: estimator={estimator!r}, teacher={name!r}"
    )
  if learn_inner_rates:
    raise ValueError(
      "Expected inner learning rates that are not learned with `teacher`. "
      f"Received: learn_inner_rates=True, teacher={name!r}"
    )
  return ImitationConfig(**teacher)


def initial_rule_from_flags() -> UpdateRule | None:
  """Loads the initial rule; None for random meta-parameters.

  Raises:
    FileNotFoundError: If no rule has that name.
    ValueError: If the rule is damaged, or its sizes are given beside it.
  """
  given = {**_SIZES.given(), **_TERM_COEFFICIENT.given()}
  name = _INITIAL_RULE.value
  if name is None:
    name = _RANDOM if given or _TEACHER.given() else DEFAULT_START
  if name == _RANDOM:
    return None
  for field, value in given.items():
    raise ValueError(
      "Sizes are for random meta-parameters: a stored rule has its own. "
      f"Received: initial_rule={name!r}, {field}={value!r}"
    )
  return UpdateRule.from_preset(name)


def fields_from_flags(
  initial_rule: UpdateRule | None, output_size: int
) -> dict[str, Any]:
  """Fields of `MetaTrainConfig` of a random rule; none of a stored one.

  Args:
    initial_rule: `UpdateRule` of `initial_rule_from_flags`.
    output_size: Integer number of units of the base models' top layer.

  Raises:
    ValueError: If a size is out of range.
  """
  if initial_rule is not None:
    return {}
  sizes = _SIZES.given()
  if "delta_channels" in sizes:
    sizes["top_channels"] = sizes["delta_channels"]
  default = MetaTrainConfig.starting_from(None).rule
  rule: RuleConfig = dataclasses.replace(
    default, output_size=output_size, **sizes
  )
  return {"rule": rule, **_TERM_COEFFICIENT.given()}
