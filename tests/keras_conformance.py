# SPDX-License-Identifier: Apache-2.0
"""What every layer of Keras keeps to; Keras's own battery is private."""

import json

import keras
import numpy as np


def check_layer(make, inputs, policy, folder, tolerance):
  """Runs a layer through everything that users do with layers.

  Args:
    make: takes keyword arguments, returns a new layer.
    inputs: a batch, NumPy float32.
    policy: name of a dtype policy.
    folder: to save models in.
    tolerance: of comparisons between eager and compiled calls.
  """
  keras.utils.set_random_seed(0)
  layer = make(dtype=policy, name="layer")
  compute_dtype = keras.DTypePolicy(policy).compute_dtype
  variable_dtype = keras.DTypePolicy(policy).variable_dtype

  # The configuration survives JSON, twice.
  config = json.loads(json.dumps(layer.get_config()))
  again = type(layer).from_config(config)
  assert json.loads(json.dumps(again.get_config())) == config
  assert again.dtype_policy == layer.dtype_policy

  # A symbolic call foretells shape and type of an eager one.
  symbol = layer(keras.Input(batch_shape=inputs.shape))
  outputs = layer(inputs)
  assert tuple(symbol.shape) == tuple(outputs.shape)
  assert layer.compute_output_shape(inputs.shape) == tuple(outputs.shape)
  for each in (symbol, outputs):
    assert keras.backend.standardize_dtype(each.dtype) == compute_dtype
  for variable in layer.weights:
    assert variable.dtype == variable_dtype, variable.path
  paths = [variable.path for variable in layer.weights]
  assert len(set(paths)) == len(paths)

  # Weights can be read and set.
  other = make(dtype=policy)
  other.build(inputs.shape)
  other.set_weights(layer.get_weights())
  assert_equal(other(inputs), outputs)

  # Both ways of calling, compiled or not, within models of both kinds.
  tensor = keras.Input(inputs.shape[1:])
  functional = keras.Model(tensor, layer(tensor))
  sequential = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
  for training in (True, False):
    expected = layer(inputs, training=training)
    for model in (functional, sequential):
      assert_close(model(inputs, training=training), expected, tolerance)
  expected = layer(inputs)
  for model in (functional, sequential):
    assert_close(model.predict(inputs, verbose=0), expected, tolerance)

  # Saved and reloaded, whole and weights only.
  functional.save(folder / "model.keras")
  loaded = keras.saving.load_model(folder / "model.keras")
  assert type(loaded.layers[-1]) is type(layer)
  assert_equal(loaded(inputs), functional(inputs))
  functional.save_weights(folder / "model.weights.h5")
  fresh = keras.models.clone_model(functional)
  fresh.load_weights(folder / "model.weights.h5")
  assert_equal(fresh(inputs), functional(inputs))

  # A user may train it by gradient; what is frozen stays.
  frozen = [variable.numpy() for variable in layer.non_trainable_weights]
  names = [variable.name for variable in layer.non_trainable_weights]
  before = [variable.numpy() for variable in layer.trainable_weights]
  functional.compile("sgd", "mse")
  functional.fit(inputs, np.ones(outputs.shape, "float32"), verbose=0)
  assert any(
    np.any(variable.numpy() != value)
    for variable, value in zip(layer.trainable_weights, before)
  )
  for name, variable, value in zip(names, layer.non_trainable_weights, frozen):
    if not name.startswith("moving"):
      assert_equal(variable.numpy(), value)


def assert_equal(one, other):
  np.testing.assert_array_equal(to_float(one), to_float(other))


def assert_close(one, other, tolerance):
  np.testing.assert_allclose(
    to_float(one), to_float(other), rtol=tolerance, atol=tolerance
  )


def to_float(values):
  """NumPy has no bfloat16."""
  return np.asarray(
    keras.ops.convert_to_numpy(keras.ops.cast(values, "float64"))
  )
