# SPDX-License-Identifier: Apache-2.0
"""Tests that models survive being saved: predictions, and what comes next."""

import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from tests.tiny_models import (
  RATE,
  assert_equal_values,
  draw_inputs,
  labels_of,
  stem_and_head,
  tiny_model,
  tiny_rule,
  values_of,
)


def plain(config):
  return json.loads(json.dumps(config))


def train(model, inputs=None):
  inputs = draw_inputs(64) if inputs is None else inputs
  model.fit(inputs, batch_size=16, verbose=0)
  return model


@pytest.mark.parametrize(
  "optimizer",
  [
    lurl_tf.optimizers.DecayedSGD(RATE),
    lurl_tf.optimizers.DecayedSGD(
      lurl_tf.optimizers.LogLinearRate((0.1, 0.01), 8)
    ),
    keras.optimizers.Adam(0.01),
  ],
)
def test_keras_format(optimizer, tmp_path):
  model, inputs = tiny_model(batch_statistics=True), draw_inputs(64)
  model.compile(
    type(optimizer).from_config(optimizer.get_config()), jit_compile=False
  )
  train(model)
  model.save(tmp_path / "model.keras")
  again = keras.saving.load_model(tmp_path / "model.keras")
  assert isinstance(again, lurl_tf.LocalRuleModel)
  assert plain(again.get_config()) == plain(model.get_config())
  assert_equal_values(values_of(again), values_of(model))
  np.testing.assert_array_equal(
    again.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
  )
  # Theta, V and the optimizer's state were saved: the next steps are equal.
  train(model)
  train(again)
  assert_equal_values(values_of(again), values_of(model))
  assert int(again.optimizer.iterations) == 8


def test_weights_only(tmp_path):
  model, other = train(tiny_model()), tiny_model(rule=tiny_rule(7), seed=5)
  model.save_weights(tmp_path / "model.weights.h5")
  other.build([None, 5])
  assert np.any(values_of(other)[-10] != values_of(model)[-10])
  other.load_weights(tmp_path / "model.weights.h5")
  assert_equal_values(values_of(other), values_of(model))
  inputs = draw_inputs()
  np.testing.assert_array_equal(
    other.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
  )


def test_weights_of_another_rule_are_refused(tmp_path):
  model = train(tiny_model())
  model.save_weights(tmp_path / "model.weights.h5")
  other = tiny_model(rule=lurl_tf.rule.Hebbian())
  other.build([None, 5])
  with pytest.raises(ValueError, match="meta-parameters"):
    other.load_weights(tmp_path / "model.weights.h5")


def test_export_serves_without_this_library(tmp_path):
  model, inputs = train(tiny_model()), draw_inputs()
  model.export(tmp_path / "served", verbose=False)
  np.save(tmp_path / "inputs.npy", inputs)
  program = f"""
import sys
sys.modules["lurl_tf"] = None  # an import would fail
import numpy as np, tensorflow as tf
served = tf.saved_model.load({str(tmp_path / "served")!r})
features = served.serve(np.load({str(tmp_path / "inputs.npy")!r}))
np.save({str(tmp_path / "features.npy")!r}, features)
"""
  subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
  np.testing.assert_allclose(
    np.load(tmp_path / "features.npy"),
    model.predict(inputs, verbose=0),
    rtol=1e-5,
    atol=1e-6,
  )


def test_a_wrapped_model_with_a_trained_head(tmp_path):
  model = lurl_tf.LocalRuleModel.from_model(
    stem_and_head(), tiny_rule(), seed=0
  )
  model.compile(
    lurl_tf.optimizers.DecayedSGD(RATE),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    train_head=True,
    jit_compile=False,
  )
  images = np.random.default_rng(0).integers(0, 256, (32, 3, 2, 1), np.uint8)
  model.fit(images, labels_of(32), batch_size=8, verbose=0)
  model.save(tmp_path / "model.keras")
  again = keras.saving.load_model(tmp_path / "model.keras")
  for each in (model, again):
    each.fit(images, labels_of(32), batch_size=8, verbose=0)
  assert_equal_values(values_of(again), values_of(model))
  assert model.evaluate(images, labels_of(32), verbose=0) == again.evaluate(
    images, labels_of(32), verbose=0
  )


def test_a_model_that_was_never_built(tmp_path):
  model = tiny_model()
  again = lurl_tf.LocalRuleModel.from_config(model.get_config())
  assert plain(again.get_config()) == plain(model.get_config())
  again.compile(lurl_tf.optimizers.DecayedSGD(RATE), jit_compile=False)
  # The starting weights come from the seed, theta does not.
  for variable, value in zip(
    again.rule.meta_parameters, model.rule.meta_parameters
  ):
    variable.assign(value)
  assert_equal_values(values_of(train(again)), values_of(train(model)))


def test_pickle():
  model, inputs = train(tiny_model()), draw_inputs()
  again = pickle.loads(pickle.dumps(model))
  np.testing.assert_array_equal(
    again.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
  )


def test_a_frozen_model_within_another(tmp_path):
  model, inputs = train(tiny_model()), draw_inputs(48)
  features = model.predict(inputs, verbose=0)
  model.trainable = False
  classifier = keras.Sequential([model, keras.layers.Dense(3)])
  classifier.compile(
    "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
  )
  classifier.fit(inputs, labels_of(48), verbose=0)
  np.testing.assert_array_equal(model.predict(inputs, verbose=0), features)
  classifier.save(tmp_path / "classifier.keras")
  again = keras.saving.load_model(tmp_path / "classifier.keras")
  np.testing.assert_array_equal(
    again.predict(inputs, verbose=0), classifier.predict(inputs, verbose=0)
  )


def test_optimizer_variables_are_those_of_the_chain():
  model = train(tiny_model())
  model.compile(keras.optimizers.SGD(0.1, momentum=0.9), jit_compile=False)
  train(model)
  shapes = [tuple(v.shape) for v in model.optimizer.variables[2:]]
  assert shapes == [(5, 6), (6,), (5, 6), (6, 4), (4,), (6, 4)]
  assert all(tf.reduce_any(v != 0) for v in model.optimizer.variables[2:])
