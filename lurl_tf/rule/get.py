# SPDX-License-Identifier: Apache-2.0
"""Finds the rule of a name or a path; the registry of hand-designed rules."""

import os
from typing import Any

from lurl_tf import presets
from lurl_tf.rule.hand_designed.backpropagation import Backpropagation
from lurl_tf.rule.hand_designed.hebbian import Hebbian
from lurl_tf.rule.hand_designed.oja import Oja
from lurl_tf.rule.hand_designed.sanger import Sanger
from lurl_tf.rule.hand_designed.winner_take_all import SoftWinnerTakeAll
from lurl_tf.rule.inner_step import Rule
from lurl_tf.rule.learned.update_rule import UpdateRule

# To add a hand-designed rule: a file in `hand_designed/`, and a line here.
HAND_DESIGNED = {
  "backpropagation": Backpropagation,
  "hebbian": Hebbian,
  "oja": Oja,
  "sanger": Sanger,
  "soft_winner_take_all": SoftWinnerTakeAll,
}


def get(identifier: Any = None) -> Rule:
  """Finds a rule, in the manner of `keras.optimizers.get`.

  Args:
    identifier: Rule, or any callable of weights and activations; name of a
      hand-designed rule; name of a shipped preset or start; path of a preset
      folder or of a run's log folder; None for the default preset.

  Returns:
    A rule. A rule of a name is new and has its default options.

  Raises:
    FileNotFoundError: If there is no rule of that name; lists the names.
    LookupError: If None is given and no preset is shipped.
    ValueError: If a preset is damaged, or the identifier is of another type.

  Example:

  >>> lurl_tf.rule.get("oja").metadata.inner_steps
  100
  """
  if identifier is None:
    return UpdateRule.from_preset(presets.default())
  if callable(identifier) and not isinstance(identifier, type):
    return identifier
  if not isinstance(identifier, str | os.PathLike):
    raise ValueError(
      "`identifier` must be a rule, or the name or path of one. "
      f"Received: identifier={identifier!r}"
    )
  if isinstance(identifier, str) and identifier in HAND_DESIGNED:
    return HAND_DESIGNED[identifier]()
  try:
    return UpdateRule.from_preset(identifier)
  except FileNotFoundError as error:
    raise FileNotFoundError(
      f"{error}. Hand-designed rules: {', '.join(HAND_DESIGNED)}"
    ) from error
