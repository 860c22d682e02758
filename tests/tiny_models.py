# SPDX-License-Identifier: Apache-2.0
"""Small models and data for the tests of models."""

import keras
import numpy as np
import tensorflow as tf

import lurl_tf

TINY_RULE = lurl_tf.RuleConfig(
  hidden_channels=4,
  delta_channels=3,
  top_channels=4,
  readout_channels=2,
  mixing="pooled",
)
RATE = 0.05


def tiny_rule(seed=0, **options):
  """Random rule of few channels."""
  config = {**TINY_RULE.__dict__, **options}
  return lurl_tf.UpdateRule(lurl_tf.RuleConfig(**config), seed=seed)


def tiny_model(units=(6, 4), rule=None, rate=RATE, seed=0, **options):
  """Compiled model, by default without XLA."""
  compiled = {
    key: options.pop(key)
    for key in ("jit_compile", "steps_per_execution", "run_eagerly")
    if key in options
  }
  rule = tiny_rule() if rule is None else rule
  model = lurl_tf.LocalRuleModel(units, rule, seed=seed, **options)
  model.compile(
    lurl_tf.optimizers.DecayedSGD(rate), **{"jit_compile": False, **compiled}
  )
  return model


def draw_inputs(rows=32, columns=5, seed=0):
  """Rows of three clusters."""
  generator = np.random.default_rng(seed)
  centers = generator.normal(size=(3, columns))
  labels = np.arange(rows) % 3
  noise = generator.normal(size=(rows, columns))
  return (centers[labels] + 0.3 * noise).astype(np.float32)


def labels_of(rows=32):
  """The clusters of `draw_inputs`."""
  return np.arange(rows) % 3


def chain_of(model):
  """The model's `LocalRuleDense` layers, bottom first."""
  return [
    layer
    for layer in model.base_model.layers
    if isinstance(layer, lurl_tf.LocalRuleDense)
  ]


def values_of(model):
  """Weights, statistics and meta-parameters of a model."""
  arrays = [variable.numpy() for variable in model.base_model.weights]
  return arrays + [v.numpy() for v in model.rule.meta_parameters]


def assert_equal_values(one, other):
  for first, second in zip(one, other, strict=True):
    np.testing.assert_array_equal(first, second)


def stem_and_head(units=(6, 4), classes=3):
  """Network of a stem, a chain and a head, with the same initial weights."""
  keras.utils.set_random_seed(0)
  return keras.Sequential(
    [
      keras.Input([3, 2, 1]),
      keras.layers.Rescaling(1 / 255),
      keras.layers.Flatten(),
      *(lurl_tf.LocalRuleDense(size) for size in units),
      keras.layers.Dense(classes),
    ]
  )


def weights_of(model):
  """`LayerWeights` of the model's chain, bottom first."""
  return tuple(layer.layer_weights for layer in chain_of(model))


def expected_weights(model, inputs, epochs=1, batch=8):
  """Weights of a model after inner steps by `inner_step` alone."""
  weights = weights_of(model)
  for _ in range(epochs):
    for begin in range(0, len(inputs), batch):
      weights = lurl_tf.inner_step(
        model.rule, weights, inputs[begin : begin + batch], RATE
      )
  return weights


def assert_close(one, other, tolerance=1e-5):
  for first, second in zip(tf.nest.flatten(one), tf.nest.flatten(other)):
    np.testing.assert_allclose(first, second, rtol=tolerance, atol=tolerance)
