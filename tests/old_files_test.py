# SPDX-License-Identifier: Apache-2.0
"""Tests that files written by version 0.1 load, and give the same features.

`fixtures/features.npz` holds features that version 0.1 computed: of the model
in `fixtures/pooled_8_4.keras`, and of base models after three inner steps by
the shipped presets and by the rule of the run folder `fixtures/old_run`.
"""

import pathlib

import keras
import numpy as np
import pytest

import lurl_tf
from lurl_tf import presets

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
HAS_STARTS = (pathlib.Path(presets.__file__).parent / "starts").is_dir()
needs_starts = pytest.mark.skipif(not HAS_STARTS, reason="needs starts/pooled")


@pytest.fixture(scope="module", name="old")
def fixture_old():
  with np.load(FIXTURES / "features.npz") as file:
    return {name: file[name] for name in file.files}


def assert_same_features(features, expected):
  """Relative to the largest feature: small ones are differences of others."""
  assert features.shape == expected.shape
  assert expected.std() > 0.01
  scale = np.abs(expected).max()
  np.testing.assert_allclose(features, expected, rtol=1e-6, atol=1e-6 * scale)


def features_of(rule, inputs):
  """Features of a base model of units 8 and 32 after three inner steps."""
  weights = lurl_tf.layers.initial_weights(64, units=(8, 32), seed=(0, 0))
  untrained = lurl_tf.forward(weights, inputs).features.numpy()
  for _ in range(3):
    weights = lurl_tf.inner_step(rule, weights, inputs, 0.01)
  features = lurl_tf.forward(weights, inputs).features.numpy()
  assert np.abs(features - untrained).max() > 0.01
  return features


@pytest.mark.parametrize(
  ("name", "old_name"),
  [
    ("pooled", "pooled"),
    ("published_mixing", "published_mixing"),
    ("imitation", "imitation"),
    pytest.param("starts/pooled", "imitation", marks=needs_starts),
  ],
)
def test_shipped_presets(name, old_name, old):
  rule = lurl_tf.UpdateRule.from_preset(name)
  assert_same_features(features_of(rule, old["inputs"]), old[old_name])


@needs_starts
def test_every_shipped_preset_is_compared(old):
  assert set(presets.available()) <= set(old)


def test_model_file(old):
  model = keras.models.load_model(FIXTURES / "pooled_8_4.keras")
  assert isinstance(model, lurl_tf.LocalRuleModel)
  features = model.predict(old["inputs"], verbose=0)
  assert_same_features(features, old["pooled_8_4.keras"])
  # The rule came along: without it `fit` would start from another one.
  shipped = lurl_tf.UpdateRule.from_preset("pooled")
  for variable, value in zip(
    model.rule.meta_parameters, shipped.meta_parameters, strict=True
  ):
    np.testing.assert_array_equal(variable, value)
  model.fit(old["inputs"], batch_size=16, verbose=0)


def test_rule_of_a_run_folder(old):
  rule = lurl_tf.UpdateRule.from_preset(FIXTURES / "old_run")
  assert rule.config.hidden_channels == 6
  assert_same_features(features_of(rule, old["inputs"]), old["run"])
