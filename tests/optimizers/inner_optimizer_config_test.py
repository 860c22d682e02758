# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.optimizers.inner_optimizer_config`."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from lurl_tf.json_fields import from_json
from lurl_tf.optimizers import (
  DecayedSGD,
  FunctionalOptimizer,
  InnerOptimizerConfig,
  LogLinearRate,
)

CONFIGS = (
  InnerOptimizerConfig(),
  InnerOptimizerConfig("sgd", momentum=0.5, nesterov=True),
  InnerOptimizerConfig("adam", beta_1=0.8, beta_2=0.99, epsilon=1e-2),
)
KINDS = (DecayedSGD, keras.optimizers.SGD, keras.optimizers.Adam)


@pytest.mark.parametrize(("config", "kind"), list(zip(CONFIGS, KINDS)))
def test_to_keras_and_back(config, kind):
  optimizer = config.to_keras(0.25)
  assert type(optimizer) is kind
  assert float(optimizer.learning_rate) == 0.25
  assert FunctionalOptimizer(optimizer).config == config
  scheduled = config.to_keras(LogLinearRate([0.1, 0.001], 2))
  scheduled.iterations.assign(1)
  np.testing.assert_allclose(scheduled.learning_rate, 0.01, rtol=1e-6)


@pytest.mark.parametrize("config", CONFIGS)
def test_json_and_text_round_trips(config):
  value = json.loads(json.dumps(dataclasses.asdict(config)))
  assert from_json(InnerOptimizerConfig, value) == config
  assert InnerOptimizerConfig.from_text(config.to_text()) == config


def test_text_says_what_matters():
  assert [config.to_text() for config in CONFIGS] == [
    "decayed_sgd",
    "sgd momentum=0.5 nesterov=true",
    "adam beta_1=0.8 beta_2=0.99 epsilon=0.01",
  ]
  assert InnerOptimizerConfig.from_text("adam") == InnerOptimizerConfig("adam")


@pytest.mark.parametrize(
  ("text", "expected"),
  [
    ("", "name"),
    ("rmsprop", "name"),
    ("adam rho=0.9", "rho"),
    ("adam epsilon", "'adam epsilon'"),
    ("adam epsilon=tiny", "'adam epsilon=tiny'"),
    ("adam epsilon=0", "epsilon=0"),
    ("sgd nesterov=1", "nesterov"),
  ],
)
def test_bad_text_is_refused(text, expected):
  with pytest.raises(ValueError, match=f"(?s){expected}"):
    InnerOptimizerConfig.from_text(text)


@pytest.mark.parametrize(
  ("field", "value"),
  [
    ("name", "rmsprop"),
    ("momentum", -0.1),
    ("momentum", 1.0),
    ("nesterov", 1),
    ("beta_1", 1.0),
    ("beta_2", -0.5),
    ("beta_2", float("nan")),
    ("epsilon", 0.0),
    ("epsilon", float("inf")),
  ],
)
def test_bad_arguments_are_named(field, value):
  with pytest.raises(ValueError, match=f"Received: {field}="):
    InnerOptimizerConfig(**{field: value})
