# SPDX-License-Identifier: Apache-2.0
"""Finds the rule that a name, a path or an object means."""

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

HAND_DESIGNED = {
  "backpropagation": Backpropagation,
  "hebbian": Hebbian,
  "oja": Oja,
  "sanger": Sanger,
  "soft_winner_take_all": SoftWinnerTakeAll,
}


def get(identifier: Any = None) -> Rule:
  """The rule that an identifier means, as `keras.optimizers.get` does it.

  Args:
    identifier: a rule, or any callable of weights and activations; the name of
      a hand-designed rule; a shipped preset's name, a preset folder or a run's
      log folder; None for the default preset.

  Returns:
    A rule. One of a name is new, with its default options.

  Raises:
    FileNotFoundError: if there is none of that name; lists those there are.
    LookupError: if None is given and no preset is shipped.
    ValueError: if a preset is damaged, or the identifier means no rule.

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
      f"{error}. Rules designed by hand: {', '.join(HAND_DESIGNED)}"
    ) from error
