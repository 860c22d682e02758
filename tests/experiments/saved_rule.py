# SPDX-License-Identifier: Apache-2.0
"""A small stored rule with settings of its own, for the tests of scripts."""

import pathlib

from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig

CONFIG = RuleConfig(
  hidden_channels=4,
  delta_channels=3,
  top_channels=4,
  readout_channels=2,
  output_size=6,
  mixing="published",
)
METADATA = PresetMetadata(
  units=(10, 6),
  activation="tanh",
  batch_size=8,
  inner_steps=3,
  inner_learning_rates=(0.1, 0.01),
)


def save_rule(folder: pathlib.Path) -> str:
  """Stores the rule as `my_rule`, and returns its path."""
  path = str(folder / "my_rule")
  UpdateRule(CONFIG, seed=5).save_preset(path, METADATA)
  return path
