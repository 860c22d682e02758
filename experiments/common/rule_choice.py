# SPDX-License-Identifier: Apache-2.0
"""Finds the rule that a script's `--rule` means."""

from typing import NamedTuple

from lurl_tf import presets
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import HAND_DESIGNED, LocalRule, UpdateRule, get
from lurl_tf.structures import RuleConfig

UNTRAINED = "untrained"


class RuleChoice(NamedTuple):
  """A rule, and what it was made for.

  Attributes:
    name: what was asked for.
    learned: the learned rule; None if another kind was asked for.
    untrained: a rule of the same configuration with fresh meta-parameters;
      None beside a rule designed by hand, which has no meta-parameters.
    metadata: how the rule was made, and the base network it is used to.
    hand_designed: the rule designed by hand; None if none was asked for.
  """

  name: str
  learned: UpdateRule | None
  untrained: UpdateRule | None
  metadata: PresetMetadata
  hand_designed: LocalRule | None = None

  @property
  def rule(self) -> LocalRule:
    """What was asked for: the untrained rule only if there is no other."""
    return self.hand_designed or self.learned or self.untrained

  @property
  def dtype(self) -> str:
    """Float type that the rules need; float32 if they take any."""
    return (self.untrained or self.hand_designed).dtype or "float32"


def choose_rule(name: str | None, seed: int = 0) -> RuleChoice:
  """Finds a rule, and makes an untrained one beside a learned one.

  Args:
    name: a shipped preset, a preset folder, a run's log folder, or the name of
      a rule designed by hand; None for the default preset; `"untrained"` for no
      learned rule, with the configuration and base network of the default
      preset, or of the published rule if none is shipped.
    seed: of the fresh meta-parameters.

  Returns:
    A `RuleChoice`.

  Raises:
    FileNotFoundError: if there is no such rule; names those there are.
    LookupError: if no name is given and no preset is shipped.
    ValueError: if the rule is damaged.
  """
  if name == UNTRAINED:
    config, metadata = RuleConfig(), PresetMetadata()
    if presets.available():
      default = UpdateRule.from_preset(presets.default())
      config, metadata = default.config, default.metadata
    return RuleChoice(name, None, UpdateRule(config, seed), metadata)
  if name in HAND_DESIGNED:
    rule = get(name)
    return RuleChoice(name, None, None, rule.metadata, rule)
  name = presets.default() if name is None else name
  learned = get(name)
  untrained = UpdateRule(learned.config, seed)
  return RuleChoice(name, learned, untrained, learned.metadata)
