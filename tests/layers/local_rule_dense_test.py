# SPDX-License-Identifier: Apache-2.0
"""Tests of the Keras layer: a good citizen, and the same as the functions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers.forward_pass import forward
from lurl_tf.layers.local_rule_dense import LocalRuleDense
from lurl_tf.structures import LayerWeights


def draw_inputs(size=5, batch=8):
  generator = np.random.default_rng(0)
  return generator.normal(size=(batch, size)).astype(np.float32)


def make_model(activation="relu", **options):
  keras.utils.set_random_seed(0)
  return keras.Sequential(
    [
      keras.Input([5]),
      LocalRuleDense(6, activation, **options),
      LocalRuleDense(3, activation, **options),
    ]
  )


@pytest.mark.parametrize(
  "activation", ["relu", "tanh", "leaky_relu", "swish", "linear", tf.math.sin]
)
def test_equals_the_pure_function(activation):
  model = make_model(activation, batch_statistics=True)
  inputs = draw_inputs()
  weights = [layer.layer_weights for layer in model.layers]
  expected = forward(weights, inputs, activation)
  np.testing.assert_allclose(model(inputs), expected.features, rtol=1e-6)
  pre, post = model.layers[0].activations(tf.constant(inputs))
  np.testing.assert_allclose(pre, expected.pre_activations[0], rtol=1e-6)
  np.testing.assert_allclose(post, expected.post_activations[0], rtol=1e-6)


def test_equals_keras_layers():
  keras.utils.set_random_seed(0)
  layer = LocalRuleDense(6, "tanh", bias_initializer="ones", momentum=0.8)
  layer.build([None, 5])
  dense = keras.layers.Dense(6, use_bias=False)
  norm = keras.layers.BatchNormalization(
    momentum=0.8, center=False, scale=False, epsilon=1e-6
  )
  dense.build([None, 5])
  dense.set_weights([layer.kernel.numpy()])
  generator = np.random.default_rng(0)
  # Training three times moves the statistics that inference then uses.
  for training in (True, True, True, False, None):
    inputs = generator.normal(size=(8, 5)).astype(np.float32)
    outputs = layer(inputs, training=training)
    normalized = norm(dense(inputs), training=training)
    np.testing.assert_allclose(
      outputs, np.tanh(normalized + 1.0), rtol=2e-5, atol=1e-6
    )
  for own, other in (
    (layer.moving_mean, norm.moving_mean),
    (layer.moving_variance, norm.moving_variance),
  ):
    np.testing.assert_allclose(own.numpy(), other.numpy(), rtol=1e-5)


def test_inference_does_not_depend_on_neighbours():
  model, inputs = make_model(), draw_inputs(batch=64)
  model(inputs, training=True)
  together = model.predict(inputs, verbose=0)
  alone = model.predict(inputs[:1], verbose=0)
  np.testing.assert_allclose(alone, together[:1], rtol=1e-5)


def test_batch_statistics_are_those_of_the_batch_also_at_prediction():
  model = make_model(batch_statistics=True)
  inputs = draw_inputs(batch=64)
  alone = model.predict(inputs[:16], verbose=0)
  np.testing.assert_allclose(
    alone, model(inputs[:16], training=True), rtol=1e-5
  )
  assert np.abs(alone - model(inputs)[:16]).max() > 0.01


def test_a_frozen_layer_keeps_its_statistics():
  layer, inputs = LocalRuleDense(3), draw_inputs()
  layer.build([None, 5])
  layer.trainable = False
  outputs = layer(inputs, training=True)
  np.testing.assert_array_equal(outputs, layer(inputs, training=False))
  np.testing.assert_array_equal(layer.moving_mean.numpy(), 0.0)


def test_variables():
  layer = LocalRuleDense(6, name="bottom")
  layer.build([None, 5])
  assert [(each.path, tuple(each.shape)) for each in layer.weights] == [
    ("bottom/kernel", (5, 6)),
    ("bottom/bias", (6,)),
    ("bottom/backward_kernel", (5, 6)),
    ("bottom/moving_mean", (6,)),
    ("bottom/moving_variance", (6,)),
  ]
  assert layer.count_params() == 78
  # No gradient reaches V: an optimizer of Keras must not ask for one.
  assert [each.path for each in layer.trainable_weights] == [
    "bottom/kernel",
    "bottom/bias",
  ]


def test_default_initializers_are_the_published_ones():
  layer = LocalRuleDense(300)
  layer.build([None, 300])
  for array, stddev in zip(layer.layer_weights, (0.01, 0.1, 0.01)):
    values = array.numpy()
    assert np.abs(values).max() <= 2 * stddev
    np.testing.assert_allclose(values.std(), 0.88 * stddev, rtol=0.15)
  kernel, _, backward_kernel = layer.layer_weights
  assert abs(np.corrcoef(*map(np.ravel, (kernel, backward_kernel)))[0, 1]) < 0.1


def test_given_initializers_are_used():
  layer = LocalRuleDense(
    4,
    kernel_initializer="zeros",
    bias_initializer=keras.initializers.Constant(2.0),
    backward_kernel_initializer=keras.initializers.Constant(3.0),
  )
  layer.build([None, 5])
  for array, expected in zip(layer.layer_weights, (0.0, 2.0, 3.0)):
    np.testing.assert_array_equal(array, expected)


def test_weights_that_are_assigned_come_back():
  layer = LocalRuleDense(4, batch_statistics=True)
  layer.build([None, 5])
  generator = np.random.default_rng(1)
  weights = LayerWeights(
    *(
      generator.normal(size=shape).astype(np.float32)
      for shape in ((5, 4), (4,), (5, 4))
    )
  )
  layer.assign_layer_weights(weights)
  assert isinstance(layer.layer_weights, LayerWeights)
  for one, other in zip(layer.layer_weights, weights):
    assert isinstance(one, tf.Tensor)
    np.testing.assert_array_equal(one, other)
  inputs = draw_inputs()
  np.testing.assert_allclose(
    layer(inputs), forward([weights], inputs).features, rtol=1e-6
  )


def test_weights_of_another_shape_are_refused():
  layer = LocalRuleDense(4)
  layer.build([None, 5])
  with pytest.raises(ValueError, match="shape"):
    layer.assign_layer_weights(
      LayerWeights(np.zeros([4, 5]), np.zeros([4]), np.zeros([4, 5]))
    )


def test_config_round_trip():
  layer = LocalRuleDense(
    4,
    "tanh",
    kernel_initializer=keras.initializers.RandomNormal(stddev=0.3, seed=1),
    bias_initializer="ones",
    name="top",
    trainable=False,
    dtype="float64",
  )
  again = LocalRuleDense.from_config(layer.get_config())
  assert again.get_config() == layer.get_config()
  assert (again.units, again.name, again.trainable) == (4, "top", False)
  for each in (layer, again):
    each.build([None, 5])
  assert again.kernel.dtype == "float64"
  np.testing.assert_array_equal(again.kernel.numpy(), layer.kernel.numpy())
  np.testing.assert_array_equal(again.bias.numpy(), 1.0)
  inputs = draw_inputs()
  again.assign_layer_weights(layer.layer_weights)
  np.testing.assert_array_equal(again(inputs), layer(inputs))
  assert np.abs(again(inputs)).max() < 1


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_save_and_load_of_a_model(activation, tmp_path):
  model, inputs = make_model(activation), draw_inputs()
  model.save(tmp_path / "model.keras")
  again = keras.saving.load_model(tmp_path / "model.keras")
  assert [type(layer) for layer in again.layers] == [LocalRuleDense] * 2
  for one, other in zip(again.weights, model.weights, strict=True):
    np.testing.assert_array_equal(one.numpy(), other.numpy())
  np.testing.assert_array_equal(again(inputs), model(inputs))


def test_a_keras_optimizer_trains_kernel_and_bias_only():
  model, inputs = make_model("tanh"), draw_inputs(batch=32)
  before = [layer.layer_weights for layer in model.layers]
  model.compile("sgd", "mse")
  model.fit(inputs, inputs[:, :3], epochs=1, verbose=0)
  for layer, old in zip(model.layers, before):
    new = layer.layer_weights
    assert np.abs(new.kernel - old.kernel).max() > 0
    assert np.abs(new.bias - old.bias).max() > 0
    np.testing.assert_array_equal(new.backward_kernel, old.backward_kernel)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_equals_eager(jit_compile):
  model, inputs = make_model("tanh"), draw_inputs()
  compiled = tf.function(model, jit_compile=jit_compile)
  np.testing.assert_allclose(compiled(inputs), model(inputs), atol=1e-5)


def test_output_shape_of_symbolic_inputs():
  model = make_model()
  assert model.output_shape == (None, 3)
  assert LocalRuleDense(4).compute_output_shape((7, 5)) == (7, 4)


def test_mixed_precision():
  layer = LocalRuleDense(4, dtype="mixed_bfloat16")
  outputs = layer(draw_inputs())
  assert outputs.dtype == tf.bfloat16
  assert layer.kernel.dtype == "float32"


@pytest.mark.parametrize("units", [0, -1, 2.0, True, None, "3"])
def test_units_must_be_a_positive_integer(units):
  with pytest.raises(ValueError, match="Received: units="):
    LocalRuleDense(units)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 5)])
def test_inputs_must_be_of_rank_two(shape):
  with pytest.raises(ValueError, match="expected ndim=2"):
    LocalRuleDense(3)(np.zeros(shape, np.float32))


def test_an_unknown_activation_is_named():
  with pytest.raises(ValueError, match="no_such_activation"):
    LocalRuleDense(3, activation="no_such_activation")
