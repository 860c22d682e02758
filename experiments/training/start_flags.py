# SPDX-License-Identifier: Apache-2.0
"""Flags of the rule that a meta-training starts from: its sizes and values.

They are used as those of `experiments.training.engine_flags`.
"""

from absl import flags

from lurl_tf.meta import ImitationConfig, MetaTrainConfig
from lurl_tf.meta.estimators import EVOLUTION
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig

IMITATION = "imitation"
_RANDOM = "random"

_MIXING = flags.DEFINE_enum(
  "mixing",
  "pooled",
  ["pooled", "published"],
  "How the rule looks at other examples and units.",
)
_HIDDEN_CHANNELS = flags.DEFINE_integer(
  "hidden_channels", 24, "Channels of a unit's state."
)
_DELTA_CHANNELS = flags.DEFINE_integer(
  "delta_channels", 16, "Channels of the error signal and its first network."
)
_INITIAL_RULE = flags.DEFINE_string(
  "initial_rule",
  None,
  "A preset's name, a preset folder or a run's log folder, to start from its "
  "sizes and meta-parameters; or `random`. Default: the shipped rule "
  f"`{IMITATION}`; random where sizes, --term_coefficient or --teacher are "
  "given.",
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


def check_teacher(estimator: str, learn_inner_rates: bool) -> None:
  """Makes sure that flags of imitation fit the others.

  Args:
    estimator: of the meta-gradient, by name.
    learn_inner_rates: whether the inner learning rates are meta-learned.

  Raises:
    ValueError: if they do not.
  """
  teacher = _TEACHER.value
  if teacher is None:
    for flag in (_KERNEL_CHANGE, _BIAS_CHANGE):
      if flag.present:
        raise ValueError(
          f"Expected `{flag.name}` only with `teacher`. "
          f"Received: {flag.name}={flag.value}, teacher=None"
        )
    return
  # The loss is that of single steps, which rates have no part in.
  if estimator in (*EVOLUTION, "mixture"):
    raise ValueError(
      "Expected an estimator by backpropagation, tbptt or bptt, with "
      f"`teacher`. Received: estimator={estimator!r}, teacher={teacher!r}"
    )
  if learn_inner_rates:
    raise ValueError(
      "Expected inner learning rates that are not learned with `teacher`. "
      f"Received: learn_inner_rates=True, teacher={teacher!r}"
    )


def initial_rule_from_flags() -> UpdateRule | None:
  """The rule to start from; None for random meta-parameters.

  Raises:
    FileNotFoundError: if there is none of that name.
    ValueError: if it is damaged, or other flags say something else.
  """
  of_random = [_MIXING, _HIDDEN_CHANNELS, _DELTA_CHANNELS, TERM_COEFFICIENT]
  given = [flag for flag in of_random if flag.present]
  name = _INITIAL_RULE.value
  if name is None:
    name = _RANDOM if given or _TEACHER.value else IMITATION
  if name == _RANDOM:
    return None
  if given:
    raise ValueError(
      "Sizes are for random meta-parameters: a rule brings its own. Received: "
      f"initial_rule={name!r}, {given[0].name}={given[0].value!r}"
    )
  return UpdateRule.from_preset(name)


def rule_config_from_flags(
  output_size: int, initial_rule: UpdateRule | None
) -> RuleConfig:
  """The sizes of the rule.

  Args:
    output_size: units of the base models' top layer.
    initial_rule: where the run starts, if not at random.
  """
  if initial_rule is not None:
    return initial_rule.config
  return RuleConfig(
    hidden_channels=_HIDDEN_CHANNELS.value,
    delta_channels=_DELTA_CHANNELS.value,
    top_channels=_DELTA_CHANNELS.value,
    output_size=output_size,
    mixing=_MIXING.value,
  )


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
