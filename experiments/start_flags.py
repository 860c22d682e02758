# SPDX-License-Identifier: Apache-2.0
"""Flags of where a meta-training starts: at random, at a rule, at a teacher's.

They are used as those of `experiments.engine_flags`.
"""

from absl import flags

from lurl_tf.meta import ImitationConfig, MetaTrainConfig
from lurl_tf.rule import UpdateRule

_INITIAL_RULE = flags.DEFINE_string(
  "initial_rule",
  None,
  "A preset's name, a preset folder or a run's log folder, such as that of a "
  "run with --teacher, to start from its meta-parameters in place of random "
  "ones.",
)
TERM_COEFFICIENT = flags.DEFINE_float(
  "term_coefficient",
  MetaTrainConfig.term_coefficient,
  "Starting value of the coefficients of the twelve terms of a weight change.",
)
_TEACHER = flags.DEFINE_string(
  "teacher",
  None,
  "Name of a rule designed by hand, whose proposals the rule learns to make in "
  "place of learning by the meta-objective.",
)
_KERNEL_CHANGE = flags.DEFINE_float(
  "kernel_change",
  ImitationConfig.kernel_change,
  "With --teacher: root mean square of every column of the proposals.",
)
_BIAS_CHANGE = flags.DEFINE_float(
  "bias_change",
  ImitationConfig.bias_change,
  "With --teacher: the proposal for every bias, which goes to its negative.",
)


def initial_rule_from_flags() -> UpdateRule | None:
  """The rule to start from, if there is one.

  Raises:
    FileNotFoundError: if there is none of that name.
    ValueError: if it is damaged.
  """
  if not _INITIAL_RULE.value:
    return None
  return UpdateRule.from_preset(_INITIAL_RULE.value)


def imitation_from_flags() -> ImitationConfig | None:
  """Whom the rule imitates, if anyone.

  Raises:
    ValueError: if there is no such teacher, or a number is out of range.
  """
  if _TEACHER.value is None:
    return None
  return ImitationConfig(
    _TEACHER.value, _KERNEL_CHANGE.value, _BIAS_CHANGE.value
  )
