# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.optimizers.decayed_sgd`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.optimizers import DecayedSGD, LogLinearRate, apply_changes
from lurl_tf.structures import LayerWeights


def layer(seed, *lead):
  generator = np.random.default_rng(seed)
  return LayerWeights(
    *(
      tf.constant(generator.normal(size=(*lead, *shape)))
      for shape in ((4, 3), (3,), (4, 3))
    )
  )


def make_model(optimizer):
  model = keras.Sequential(
    [keras.Input([3]), keras.layers.Dense(1, kernel_initializer="ones")]
  )
  model.compile(optimizer=optimizer, loss="mse")
  return model


def make_data():
  inputs = np.random.default_rng(0).normal(size=[20, 3]).astype(np.float32)
  return inputs, inputs @ np.float32([[0.5], [2.0], [-1.0]]) + 0.3


def numpy_fit(rates):
  """Full batches of linear regression, step by step."""
  inputs, targets = make_data()
  kernel, bias = np.ones([3, 1]), np.zeros([1])
  for rate in rates:
    error = 2 * (inputs @ kernel + bias - targets) / len(inputs)
    kernel = kernel * (1 - rate) - rate * inputs.T @ error
    bias = bias * (1 - rate) - rate * error.sum(axis=0)
  return kernel, bias


def test_decay_and_change_of_every_weight():
  weights, changes = layer(0), layer(1)
  (actual,) = apply_changes([weights], [changes], 0.1)
  for new, old, change in zip(actual, weights, changes):
    np.testing.assert_allclose(new, 0.9 * old - 0.1 * change, rtol=1e-12)


def test_a_rate_per_task():
  weights, changes = layer(0, 2), layer(1, 2)
  (together,) = apply_changes([weights], [changes], [0.1, 0.3])
  for task, rate in enumerate((0.1, 0.3)):
    one = LayerWeights(*(value[task] for value in weights))
    its_change = LayerWeights(*(value[task] for value in changes))
    (alone,) = apply_changes([one], [its_change], rate)
    for actual, expected in zip(together, alone):
      np.testing.assert_allclose(actual[task], expected, rtol=1e-12)


@pytest.mark.parametrize(
  ("rate", "rates"),
  [
    (0.1, [0.1] * 5),
    (LogLinearRate([0.2, 0.002], 4), 0.2 * 0.1 ** (np.arange(5) / 2)),
  ],
)
def test_fit_of_a_plain_keras_model(rate, rates):
  model = make_model(DecayedSGD(rate))
  inputs, targets = make_data()
  model.fit(inputs, targets, batch_size=20, epochs=5, verbose=0)
  for actual, expected in zip(model.get_weights(), numpy_fit(rates)):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_one_formula():
  """A Keras variable moves bit for bit as the weights of an unroll do."""
  weights, changes = layer(0), layer(1)
  optimizer = DecayedSGD(0.25)
  variables = [keras.Variable(each, dtype="float64") for each in weights]
  optimizer.apply(list(changes), variables)
  (expected,) = apply_changes([weights], [changes], 0.25)
  for actual, value in zip(variables, expected):
    np.testing.assert_array_equal(actual, value)


def test_a_saved_model_goes_on(tmp_path):
  inputs, targets = make_data()
  model = make_model(DecayedSGD(LogLinearRate([0.2, 0.002], 4), name="mine"))
  model.fit(inputs, targets, batch_size=20, epochs=2, shuffle=False, verbose=0)
  model.save(tmp_path / "model.keras")
  loaded = keras.saving.load_model(tmp_path / "model.keras")
  assert type(loaded.optimizer) is DecayedSGD
  assert loaded.optimizer.name == "mine"
  assert int(loaded.optimizer.iterations) == 2
  for each in (model, loaded):
    each.fit(inputs, targets, batch_size=20, epochs=2, shuffle=False, verbose=0)
  for one, other in zip(model.get_weights(), loaded.get_weights()):
    np.testing.assert_array_equal(one, other)


def test_config_round_trip():
  assert float(DecayedSGD().learning_rate) == np.float32(1e-4)
  first = DecayedSGD(0.5, clipnorm=3.0)
  again = DecayedSGD.from_config(first.get_config())
  assert again.get_config() == first.get_config()
  assert (float(again.learning_rate), again.clipnorm) == (0.5, 3.0)
  scheduled = DecayedSGD(LogLinearRate([0.1], 3))
  config = keras.optimizers.serialize(scheduled)
  assert config["registered_name"] == "lurl_tf>DecayedSGD"
  again = keras.optimizers.deserialize(config)  # changes the config, too
  assert keras.optimizers.serialize(again) == keras.optimizers.serialize(
    scheduled
  )


def test_an_integer_is_a_rate():
  assert float(DecayedSGD(1).learning_rate) == 1.0
  assert float(DecayedSGD(np.float32(0.5)).learning_rate) == 0.5


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_rate_out_of_range_is_refused(rate):
  with pytest.raises(ValueError, match=f"Received: learning_rate={rate}"):
    DecayedSGD(rate)
