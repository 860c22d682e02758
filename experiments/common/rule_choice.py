# SPDX-License-Identifier: Apache-2.0
"""Finds the rule of `--rule`."""

from typing import NamedTuple

from lurl_tf import presets
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import HAND_DESIGNED, LocalRule, UpdateRule, get
from lurl_tf.structures import RuleConfig

UNTRAINED = "untrained"


class RuleChoice(NamedTuple):
  """Rule, its untrained twin and its metadata.

  Attributes:
    name: Name or path that was given.
    learned: Learned rule; None for other kinds.
    untrained: Rule of the same configuration with random meta-parameters; None
      for a hand-designed rule, which has no meta-parameters.
    metadata: Metadata of the rule: its origin, base network and inner training.
    hand_designed: Hand-designed rule; None for other kinds.
  """

  name: str
  learned: UpdateRule | None
  untrained: UpdateRule | None
  metadata: PresetMetadata
  hand_designed: LocalRule | None = None

  @property
  def rule(self) -> LocalRule:
    """The given rule; the untrained rule if no other exists."""
    return self.hand_designed or self.learned or self.untrained

  @property
  def dtype(self) -> str:
    """Float type of the rules; float32 for rules of any type."""
    return (self.untrained or self.hand_designed).dtype or "float32"


def choose_rule(name: str | None, seed: int = 0) -> RuleChoice:
  """Loads a rule, and makes an untrained twin of a learned rule.

  Args:
    name: Shipped preset, preset folder, log folder of a run, or name of a
      hand-designed rule; None for the default preset. `"untrained"` is a rule
      with random meta-parameters and with configuration and base network of the
      default preset, or of the published rule if none is shipped.
    seed: Integer seed of the random meta-parameters.

  Returns:
    A `RuleChoice`.

  Raises:
    FileNotFoundError: If the rule does not exist.
    LookupError: If no name is given and no preset is shipped.
    ValueError: If the rule is damaged.
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
