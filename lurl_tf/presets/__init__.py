# SPDX-License-Identifier: Apache-2.0
"""Rules on disk: preset folders, shipped rules, and checkpoints of 2018."""

from lurl_tf.presets.card import card_text
from lurl_tf.presets.catalogue import available, default, find, starts
from lurl_tf.presets.metadata import PresetMetadata, Score, read_metadata
from lurl_tf.presets.storage import StoredPreset, check_writable, load, save
from lurl_tf.presets.tf1_checkpoint import Tf1Checkpoint, read_tf1_checkpoint

__all__ = [
  "PresetMetadata",
  "Score",
  "StoredPreset",
  "Tf1Checkpoint",
  "available",
  "card_text",
  "check_writable",
  "default",
  "find",
  "load",
  "read_metadata",
  "read_tf1_checkpoint",
  "save",
  "starts",
]
