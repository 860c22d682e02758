# SPDX-License-Identifier: Apache-2.0
"""Tests of what a trained model gives: features, scores, stems and heads."""

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
  stem_and_head,
  tiny_model,
  tiny_rule,
  weights_of,
)


def test_predict_gives_features_that_do_not_depend_on_neighbours():
  model, inputs = tiny_model(), draw_inputs(64)
  model.fit(inputs, batch_size=16, verbose=0)
  together = model.predict(inputs, verbose=0)
  assert together.shape == (64, 4)
  assert model.base_model.output_shape == (None, 4)
  np.testing.assert_allclose(
    model.predict(inputs[:1], verbose=0), together[:1], rtol=1e-4, atol=1e-5
  )


def test_batch_statistics_are_the_published_protocol():
  model, inputs = tiny_model(batch_statistics=True), draw_inputs(64)
  model.fit(inputs, batch_size=16, verbose=0)
  expected = lurl_tf.forward(weights_of(model), inputs).features
  np.testing.assert_allclose(
    model.predict(inputs, batch_size=64, verbose=0),
    expected,
    rtol=1e-4,
    atol=1e-5,
  )


def test_few_shot_accuracy_is_computed_once_over_all_the_data():
  model, inputs = tiny_model(), draw_inputs(90)
  history = model.fit(
    inputs,
    batch_size=16,
    epochs=2,
    verbose=0,
    validation_data=(inputs, labels_of(90)),
    validation_batch_size=7,
  ).history
  expected = lurl_tf.models.few_shot_accuracy(
    model.predict(inputs, verbose=0), labels_of(90)
  )
  accuracy = model.evaluate(inputs, labels_of(90), verbose=0)
  assert accuracy == expected > 0.5
  assert len(history["val_few_shot_accuracy"]) == 2
  dataset = tf.data.Dataset.from_tensor_slices((inputs, labels_of(90)))
  assert model.evaluate(dataset.batch(7), verbose=0, return_dict=True) == {
    "few_shot_accuracy": expected
  }
  one_hot = np.eye(3)[labels_of(90)]
  assert model.evaluate(inputs, one_hot, verbose=0) == expected


def test_evaluate_needs_labels():
  model = tiny_model()
  model.fit(draw_inputs(), verbose=0)
  with pytest.raises(ValueError, match="no labels"):
    model.evaluate(draw_inputs(), verbose=0)


def test_a_stem_stays_and_a_head_is_left_alone():
  base = stem_and_head()
  model = lurl_tf.LocalRuleModel.from_model(base, tiny_rule(), seed=0)
  model.compile(lurl_tf.optimizers.DecayedSGD(RATE), jit_compile=False)
  images = np.random.default_rng(0).integers(0, 256, (32, 3, 2, 1), np.uint8)
  flat = images.reshape(32, -1).astype(np.float32) / 255
  expected = expected_weights(model, flat)
  head = base.layers[-1].get_weights()
  model.fit(images, batch_size=8, shuffle=False, verbose=0)
  assert_close(weights_of(model), expected)
  assert_equal_values(base.layers[-1].get_weights(), head)
  assert model.predict(images, verbose=0).shape == (32, 3)
  features = model.feature_model.predict(images, verbose=0)
  assert features.shape == (32, 4)
  np.testing.assert_allclose(
    model.predict(images, verbose=0),
    features @ head[0] + head[1],
    rtol=1e-4,
    atol=1e-5,
  )


def test_a_functional_model_with_a_frozen_convolutional_stem():
  keras.utils.set_random_seed(0)
  images = keras.Input([6, 6, 1])
  stem = keras.layers.Conv2D(2, 3)
  stem.trainable = False
  hidden = keras.layers.Flatten()(stem(images))
  hidden = lurl_tf.LocalRuleDense(6, "tanh")(hidden)
  outputs = lurl_tf.LocalRuleDense(4, "relu")(hidden)
  base = keras.Model(images, outputs)
  model = lurl_tf.LocalRuleModel.from_model(base, tiny_rule(), seed=0)
  model.compile(lurl_tf.optimizers.DecayedSGD(RATE), jit_compile=False)
  before = stem.get_weights()
  kernel = chain_of(model)[0].kernel.numpy()
  data = np.random.default_rng(0).random((32, 6, 6, 1), np.float32)
  model.fit(data, batch_size=8, verbose=0)
  assert_equal_values(stem.get_weights(), before)
  assert np.abs(chain_of(model)[0].kernel.numpy() - kernel).max() > 0.01
  assert model.predict(data, verbose=0).shape == (32, 4)


def test_a_head_learns_by_gradient_while_the_rule_trains_the_rest():
  base = stem_and_head()
  model = lurl_tf.LocalRuleModel.from_model(base, tiny_rule(), seed=0)
  images = np.random.default_rng(0).integers(0, 256, (96, 3, 2, 1), np.uint8)
  labels = (images[:, 0, 0, 0] > 127).astype(int)
  flat = images.reshape(96, -1).astype(np.float32) / 255
  model.compile(
    lurl_tf.optimizers.DecayedSGD(RATE),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    train_head=True,
    head_optimizer=keras.optimizers.Adam(0.05),
    jit_compile=False,
  )
  expected = expected_weights(model, flat, epochs=10, batch=32)
  history = model.fit(
    images, labels, batch_size=32, epochs=10, shuffle=False, verbose=0
  ).history
  assert_close(weights_of(model), expected, 1e-4)
  assert history["loss"][-1] < 0.8 * history["loss"][0]
  scores = model.evaluate(images, labels, verbose=0, return_dict=True)
  assert sorted(scores) == ["accuracy", "few_shot_accuracy", "loss"]
  outputs = model.predict(images, verbose=0)
  accuracy = np.mean(outputs.argmax(axis=1) == labels)
  np.testing.assert_allclose(scores["accuracy"], accuracy, rtol=1e-6)
  loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
  np.testing.assert_allclose(
    scores["loss"], float(loss(labels, outputs)), rtol=1e-4
  )


def test_a_head_that_is_trained_needs_loss_and_labels():
  model = lurl_tf.LocalRuleModel.from_model(stem_and_head(), tiny_rule())
  with pytest.raises(ValueError, match="needs a loss"):
    model.compile(train_head=True)
  model.compile(loss="mse", train_head=True)
  with pytest.raises(ValueError, match="Labels are needed"):
    model.fit(np.zeros([8, 3, 2, 1], np.uint8))


def test_evaluate_of_a_model_that_was_not_built():
  accuracy = tiny_model().evaluate(draw_inputs(60), labels_of(60), verbose=0)
  assert 0 <= accuracy <= 1


# bfloat16 has three bits less than float16.
@pytest.mark.parametrize(
  ("policy", "tolerance"), [("mixed_float16", 0.02), ("mixed_bfloat16", 0.16)]
)
def test_mixed_precision(policy, tolerance):
  """The rule works on float32 weights; features come in half precision."""
  inputs = draw_inputs(64)
  models = []
  for dtype in ("float32", policy):
    base = keras.Sequential(
      [keras.Input([5])]
      + [
        lurl_tf.LocalRuleDense(
          size,
          dtype=dtype,
          kernel_initializer=keras.initializers.RandomNormal(seed=size),
          bias_initializer="zeros",
        )
        for size in (6, 4)
      ]
    )
    model = lurl_tf.LocalRuleModel.from_model(base, tiny_rule(), seed=0)
    model.compile(lurl_tf.optimizers.DecayedSGD(RATE), jit_compile=False)
    model.fit(inputs, batch_size=16, verbose=0)
    models.append(model)
  full, mixed = models
  assert_close(
    [w.kernel for w in weights_of(full)],
    [w.kernel for w in weights_of(mixed)],
    2e-2,
  )
  full.base_model.set_weights(mixed.base_model.get_weights())
  features = mixed.predict(inputs, verbose=0)
  assert keras.backend.standardize_dtype(features.dtype) == policy[6:]
  np.testing.assert_allclose(
    features.astype(np.float32), full.predict(inputs, verbose=0), atol=tolerance
  )
