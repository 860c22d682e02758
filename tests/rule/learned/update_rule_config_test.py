# SPDX-License-Identifier: Apache-2.0
"""Tests of the learned rule as a `LocalRule`: its config, dtype and sizes."""

import json

import keras
import pytest

import lurl_tf
from lurl_tf.presets import PresetMetadata

CONFIG = lurl_tf.RuleConfig(
  hidden_channels=4, delta_channels=3, top_channels=5, dtype="float64"
)
METADATA = PresetMetadata(
  units=(9, 7), inner_learning_rates=(0.1, 0.01), seed=3, image_size=None
)


def make_rule():
  rule = lurl_tf.UpdateRule(CONFIG, seed=1)
  rule.metadata = METADATA
  return rule


def test_config_and_metadata_survive_json():
  serialized = keras.saving.serialize_keras_object(make_rule())
  copy = keras.saving.deserialize_keras_object(
    json.loads(json.dumps(serialized))
  )
  assert isinstance(copy, lurl_tf.UpdateRule)
  assert (copy.config, copy.metadata) == (CONFIG, METADATA)
  config = json.loads(json.dumps(make_rule().get_config()))
  assert set(config) == {"config", "metadata"}
  copy = lurl_tf.UpdateRule.from_config(config)
  assert (copy.config, copy.metadata) == (CONFIG, METADATA)


def test_it_is_a_local_rule_with_all_its_meta_parameters():
  rule = make_rule()
  assert isinstance(rule, lurl_tf.rule.LocalRule)
  assert rule.name == "update_rule"
  assert rule.dtype == "float64"
  assert not rule.needs_targets
  assert len(rule.trainable_variables) == len(rule.meta_parameters) == 72


def test_output_size():
  rule = make_rule()
  rule.check_output_size(32)
  with pytest.raises(ValueError, match="32 units. Received: 31 units"):
    rule.check_output_size(31)
  pooled = lurl_tf.UpdateRule(lurl_tf.RuleConfig(mixing="pooled"))
  pooled.check_output_size(31)


def test_bad_config():
  config = make_rule().get_config()
  with pytest.raises(ValueError, match="hidden_chanels"):
    lurl_tf.UpdateRule.from_config({**config, "config": {"hidden_chanels": 4}})
