# SPDX-License-Identifier: Apache-2.0
"""Keeps the rule that did best on held-out classes and fonts."""

import dataclasses
import math
import os

import tensorflow as tf

from lurl_tf import presets
from lurl_tf.meta.validation import ValidationScore
from lurl_tf.rule import UpdateRule


def keep_best(
  rule: UpdateRule,
  path: str | os.PathLike[str],
  metadata: presets.PresetMetadata,
  score: ValidationScore,
) -> bool:
  """Writes a rule if its loss is below that of the rule that is there.

  Args:
    rule: as it stands.
    path: a preset folder; it need not exist.
    metadata: of the rule.
    score: the rule's own, on data of use `"meta_validation"`.

  Returns:
    Whether it was written.
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
