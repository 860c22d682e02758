# SPDX-License-Identifier: Apache-2.0
"""Tests of `fit`: the very steps of `inner_step`, as Keras users write them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from tests.tiny_models import (
  RATE,
  assert_close,
  assert_equal_values,
  chain_of,
  draw_inputs,
  expected_weights,
  labels_of,
  tiny_model,
  tiny_rule,
  values_of,
  weights_of,
)


class Batches(keras.utils.PyDataset):
  """Eight rows at a time."""

  def __init__(self, inputs):
    super().__init__()
    self.inputs = inputs

  def __len__(self):
    return len(self.inputs) // 8

  def __getitem__(self, index):
    return self.inputs[8 * index : 8 * index + 8]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_fit_is_inner_step_after_inner_step(jit_compile, steps_per_execution):
  model, inputs = tiny_model(), draw_inputs(64)
  model.build([None, 5])
  model.compile(
    lurl_tf.optimizers.DecayedSGD(RATE),
    jit_compile=jit_compile,
    steps_per_execution=steps_per_execution,
  )
  expected = expected_weights(model, inputs, epochs=2)
  before = weights_of(model)
  model.fit(inputs, batch_size=8, epochs=2, shuffle=False, verbose=0)
  assert_close(weights_of(model), expected)
  assert np.abs(before[0].kernel - expected[0].kernel).max() > 0.01
  assert model.trace_count == 1
  assert int(model.optimizer.iterations) == 16


@pytest.fixture(scope="module", name="untrained")
def fixture_untrained():
  """A model whose `fit` is traced once, its values, and those of an epoch."""
  model = tiny_model()
  model.build([None, 5])
  before = [variable.numpy() for variable in model.variables]
  return model, before, expected_weights(model, draw_inputs(64))


@pytest.mark.parametrize(
  "wrap",
  [
    lambda x: tf.data.Dataset.from_tensor_slices(x).batch(8),
    lambda x: tf.data.Dataset.from_tensor_slices(x).batch(8, True),
    lambda x: (x[i : i + 8] for i in range(0, 64, 8)),
    lambda x: [x[i : i + 8] for i in range(0, 64, 8)].__iter__(),
    lambda x: Batches(x),
    lambda x: (row for row in np.split(x, 8)),
  ],
)
@pytest.mark.filterwarnings("ignore:Batches that hold other")
def test_all_kinds_of_data_give_the_same_weights(wrap, untrained):
  model, before, expected = untrained
  for variable, value in zip(model.variables, before, strict=True):
    variable.assign(value)
  inputs = draw_inputs(64)
  model.fit(wrap(inputs), verbose=0)
  assert_close(weights_of(model), expected)
  # The statistics of inference were estimated too, from the same rows.
  linear = inputs @ weights_of(model)[0].kernel.numpy()
  np.testing.assert_allclose(
    chain_of(model)[0].moving_variance.numpy(), linear.var(axis=0), rtol=1e-4
  )


def test_an_endless_generator_takes_steps_per_epoch():
  def endless():
    while True:
      yield from np.split(draw_inputs(64), 8)

  model, twin = tiny_model(), tiny_model()
  history = model.fit(endless(), epochs=2, steps_per_epoch=8, verbose=0)
  twin.fit(draw_inputs(64), batch_size=8, epochs=2, shuffle=False, verbose=0)
  assert len(history.epoch) == 2
  assert_close(weights_of(model), weights_of(twin))


def test_rows_that_fill_no_batch_are_left_out_and_said():
  model, inputs = tiny_model(), draw_inputs(30)
  model.build([None, 5])
  expected = expected_weights(model, inputs[:24])
  with pytest.warns(UserWarning, match="6 of 30 rows fill no batch of 8"):
    model.fit(inputs, batch_size=8, shuffle=False, verbose=0)
  assert_close(weights_of(model), expected)


def test_batches_of_another_size_are_left_out_and_said():
  model, inputs = tiny_model(), draw_inputs(30)
  model.build([None, 5])
  expected = expected_weights(model, inputs[:24])
  dataset = tf.data.Dataset.from_tensor_slices(inputs).batch(8)
  with pytest.warns(UserWarning, match="other than 8 examples"):
    model.fit(dataset, verbose=0)
  assert_close(weights_of(model), expected)


def test_labels_are_ignored_and_said():
  model, twin, inputs = tiny_model(), tiny_model(), draw_inputs(32)
  twin.fit(inputs, batch_size=8, verbose=0)
  with pytest.warns(UserWarning, match="Labels are ignored"):
    model.fit(inputs, labels_of(32), batch_size=8, verbose=0)
  assert_equal_values(values_of(model), values_of(twin))
  pairs = tf.data.Dataset.from_tensor_slices((inputs, labels_of(32)))
  with pytest.warns(UserWarning, match="Labels are ignored"):
    model.fit(pairs.batch(8, True), verbose=0)


def test_the_batch_size_is_the_rules_own_by_default():
  model = tiny_model()  # the metadata of a new rule says 128
  model.fit(draw_inputs(256), verbose=0)
  assert int(model.optimizer.iterations) == 2
  fewer = tiny_model()
  fewer.fit(draw_inputs(20), verbose=0)
  assert int(fewer.optimizer.iterations) == 1


def test_the_same_seed_gives_the_same_numbers():
  runs = []
  for seed in (3, 3, 4):
    model = tiny_model(seed=seed)
    model.fit(draw_inputs(64), batch_size=8, epochs=2, verbose=0)
    runs.append(values_of(model))
  assert_equal_values(runs[0], runs[1])
  assert np.abs(runs[0][0] - runs[2][0]).max() > 0.001


def test_shuffling_gives_other_orders_in_every_epoch():
  seen = []

  class Rule(lurl_tf.rule.LocalRule):
    def __call__(self, weights, activations):
      tf.py_function(lambda x: seen.append(x.numpy()), [activations.inputs], [])
      return tf.nest.map_structure(tf.zeros_like, tuple(weights))

  model = tiny_model(rule=Rule(), units=(4,))
  inputs = np.arange(32, dtype=np.float32)[:, None] * np.ones([1, 2], "float32")
  model.fit(inputs, batch_size=8, epochs=2, verbose=0)
  first, second = (
    np.concatenate(seen[begin : begin + 4])[:, 0] for begin in (0, 4)
  )
  np.testing.assert_array_equal(np.sort(first), inputs[:, 0])
  np.testing.assert_array_equal(np.sort(second), inputs[:, 0])
  assert np.any(first != second) and np.any(first != inputs[:, 0])


def test_logs():
  model, inputs = tiny_model(), draw_inputs(8)
  model.build([None, 5])
  weights = weights_of(model)
  activations = lurl_tf.forward(weights, inputs)
  changes = tf.nest.flatten(model.rule(weights, activations))
  history = model.fit(inputs, batch_size=8, verbose=0).history
  assert sorted(history) == ["dead_share", "update_norm", "weight_norm"]
  np.testing.assert_allclose(
    history["update_norm"][0],
    np.sqrt(sum(np.sum(np.square(c)) for c in changes)),
    rtol=1e-5,
  )
  np.testing.assert_allclose(
    history["weight_norm"][0],
    np.sqrt(
      sum(np.sum(np.square(a)) for w in weights_of(model) for a in w[:2])
    ),
    rtol=1e-5,
  )


def test_the_share_of_dead_units():
  model = tiny_model(units=(4,))
  model.build([None, 5])
  layer = chain_of(model)[0]
  layer.bias.assign([-100.0, 0.0, 0.0, -100.0])
  history = model.fit(draw_inputs(16), batch_size=16, verbose=0).history
  assert history["dead_share"] == [0.5]


def test_compile_without_arguments_takes_the_published_rate():
  model = lurl_tf.LocalRuleModel((4,), tiny_rule(), seed=0)
  model.compile()
  assert isinstance(model.optimizer, lurl_tf.optimizers.DecayedSGD)
  assert float(model.optimizer.learning_rate) == np.float32(1e-4)


def test_compile_without_arguments_takes_the_rates_of_the_rule():
  rule = tiny_rule()
  rule.metadata = lurl_tf.presets.PresetMetadata(
    inner_learning_rates=(0.1, 0.001), inner_steps=4
  )
  model = lurl_tf.LocalRuleModel((4,), rule, seed=0)
  model.compile(jit_compile=False)
  rates = []
  model.fit(
    draw_inputs(32),
    batch_size=8,
    verbose=0,
    callbacks=[
      keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: rates.append(
          float(model.optimizer.learning_rate)
        )
      )
    ],
  )
  np.testing.assert_allclose(rates, np.logspace(-1, -2.5, 4), rtol=1e-5)


@pytest.mark.parametrize(
  "optimizer",
  [keras.optimizers.SGD(0.01, momentum=0.9), keras.optimizers.Adam(0.01)],
)
def test_other_optimizers_of_keras(optimizer):
  model, inputs = tiny_model(), draw_inputs(24)
  model.build([None, 5])
  model.compile(optimizer, jit_compile=False)
  weights = weights_of(model)
  variables = [tf.Variable(w) for w in tf.nest.flatten(weights)]
  twin = type(optimizer).from_config(optimizer.get_config())
  for begin in range(0, 24, 8):
    batch = inputs[begin : begin + 8]
    current = tf.nest.pack_sequence_as(weights, variables)
    current = tf.nest.map_structure(tf.convert_to_tensor, current)
    changes = model.rule(current, lurl_tf.forward(current, batch))
    twin.apply(tf.nest.flatten(changes), variables)
  model.fit(inputs, batch_size=8, shuffle=False, verbose=0)
  assert_close(weights_of(model), variables)


def test_a_supervised_rule_gets_the_labels():
  rule = lurl_tf.rule.Backpropagation()
  inputs, labels = draw_inputs(48), labels_of(48)
  model = tiny_model(rule=rule, rate=0.1)
  model.build([None, 5])
  weights = weights_of(model)
  targets = tf.one_hot(labels, 4)
  for begin in range(0, 48, 16):
    rows = slice(begin, begin + 16)
    weights = lurl_tf.inner_step(
      rule.with_targets(targets[rows]), weights, inputs[rows], 0.1
    )
  model.fit(inputs, labels, batch_size=16, shuffle=False, verbose=0)
  assert_close(weights_of(model), weights)


def test_train_on_batch_and_callbacks(tmp_path):
  model, inputs = tiny_model(), draw_inputs(8)
  model.build([None, 5])
  expected = expected_weights(model, inputs)
  logs = model.train_on_batch(inputs, return_dict=True)
  assert set(logs) == {"update_norm", "weight_norm", "dead_share"}
  assert_close(weights_of(model), expected)
  model.estimate_statistics(inputs)
  path = tmp_path / "best.keras"
  model.fit(
    inputs,
    batch_size=8,
    verbose=0,
    callbacks=[
      keras.callbacks.ModelCheckpoint(path),
      keras.callbacks.TensorBoard(tmp_path / "logs"),
    ],
  )
  assert path.is_file() and list((tmp_path / "logs").rglob("events*"))


NUMPY_ACTIVATIONS = {
  "relu": lambda z: np.maximum(z, 0),
  "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
  "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
  "softplus": lambda z: np.log1p(np.exp(z)),
  "silu": lambda z: z / (1 + np.exp(-z)),
  "tanh": np.tanh,
  "step": lambda z: np.where(z > 0, 1.0, 0.0),
}


def numpy_features(weights, rows, batch, activation):
  """Features in float64, by the moments of a forward pass in batches."""
  by_batch = features = rows.astype(np.float64)
  for layer in weights:
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    linear = by_batch @ kernel
    batches = linear.reshape(-1, batch, linear.shape[-1])
    mean, variance = linear.mean(axis=0), linear.var(axis=0)
    features = activation(
      (features @ kernel - mean) / np.sqrt(variance + 1e-6) + bias
    )
    centred = batches - batches.mean(axis=1, keepdims=True)
    stddev = np.sqrt(batches.var(axis=1, keepdims=True) + 1e-6)
    by_batch = activation(centred / stddev + bias).reshape(linear.shape)
  return features


@pytest.mark.parametrize("activation", NUMPY_ACTIVATIONS)
def test_activations(activation):
  model, inputs = tiny_model(activation=activation), draw_inputs(32)
  model.build([None, 5])
  expected = weights_of(model)
  before = model.predict(inputs, verbose=0)
  for begin in (0, 16, 0, 16):
    rows = inputs[begin : begin + 16]
    expected = lurl_tf.inner_step(model.rule, expected, rows, RATE, activation)
  model.fit(inputs, batch_size=16, epochs=2, shuffle=False, verbose=0)
  assert_close(weights_of(model), expected)
  features = model.predict(inputs, verbose=0)
  np.testing.assert_allclose(
    features,
    numpy_features(expected, inputs, 16, NUMPY_ACTIVATIONS[activation]),
    rtol=1e-4,
    atol=1e-4,
  )
  assert np.all(np.isfinite(features)) and np.any(features != before)


@pytest.mark.parametrize(
  ("columns", "batch"), [(2, 8), (10_000, 8), (5, 2), (5, 4096)]
)
def test_sizes(columns, batch):
  model, inputs = tiny_model(), draw_inputs(batch, columns)
  model.build([None, columns])
  before = weights_of(model)[0].kernel
  expected = expected_weights(model, inputs, batch=batch)
  model.fit(inputs, batch_size=batch, shuffle=False, verbose=0)
  assert_close(weights_of(model), expected)
  assert np.all(np.isfinite(expected[0].kernel))
  assert np.any(expected[0].kernel != before)
