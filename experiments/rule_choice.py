# SPDX-License-Identifier: Apache-2.0
"""Finds the rule that a script's `--rule` means."""

from typing import NamedTuple

from lurl_tf import presets
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig

UNTRAINED = "untrained"


class RuleChoice(NamedTuple):
  """A rule, and what it was made for.

  Attributes:
    name: what was asked for.
    learned: the learned rule; None if an untrained one was asked for.
    untrained: a rule of the same configuration with fresh meta-parameters.
    metadata: how the rule was made, and the base network it is used to.
  """

  name: str
  learned: UpdateRule | None
  untrained: UpdateRule
  metadata: PresetMetadata


def choose_rule(name: str | None, seed: int = 0) -> RuleChoice:
  """Loads a rule, and makes an untrained one beside it.

  Args:
    name: a shipped preset, a preset folder or a run's log folder; None for the
      default preset; `"untrained"` for no learned rule, with the configuration
      and base network of the default preset, or of the published rule if none
      is shipped.
    seed: of the fresh meta-parameters.

  Returns:
    A `RuleChoice`.

  Raises:
    FileNotFoundError: if there is no such rule; names the shipped ones.
    LookupError: if no name is given and no preset is shipped.
    ValueError: if the rule is damaged.
  """
  if name == UNTRAINED:
    config, metadata = RuleConfig(), PresetMetadata()
    if presets.available():
      default = UpdateRule.from_preset(presets.default())
      config, metadata = default.config, default.metadata
    return RuleChoice(name, None, UpdateRule(config, seed), metadata)
  name = presets.default() if name is None else name
  learned = UpdateRule.from_preset(name)
  untrained = UpdateRule(learned.config, seed)
  return RuleChoice(name, learned, untrained, learned.metadata)
