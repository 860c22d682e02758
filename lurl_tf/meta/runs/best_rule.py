# SPDX-License-Identifier: Apache-2.0
"""Keeps the rule with the lowest loss on validation tasks."""

import dataclasses
import math
import os

import tensorflow as tf

from lurl_tf import presets
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule.learned.update_rule import UpdateRule


def keep_best(
  rule: UpdateRule,
  path: str | os.PathLike[str],
  metadata: presets.PresetMetadata,
  score: ValidationScore,
) -> bool:
  """Saves a rule if its loss is below that of the rule already saved.

  Args:
    rule: `UpdateRule` to save.
    path: Preset folder; it need not exist.
    metadata: `PresetMetadata` of the rule.
    score: `ValidationScore` of the rule, on data of use `"meta_validation"`.

  Returns:
    Whether the rule was saved.
  """
  if not math.isfinite(score.loss):
    return False
  if tf.io.gfile.exists(os.fspath(path)):
    best = presets.load(path).metadata.validation
    if best is not None and not score.loss < best.loss:
      return False
  validation = presets.Score(metadata.outer_steps, score.loss, score.accuracy)
  rule.save_preset(path, dataclasses.replace(metadata, validation=validation))
  return True
