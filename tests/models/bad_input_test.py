# SPDX-License-Identifier: Apache-2.0
"""Tests that bad input gets a clear error and changes no weight."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from tests.tiny_models import (
  assert_equal_values,
  draw_inputs,
  stem_and_head,
  tiny_model,
  tiny_rule,
  values_of,
)


def batches(*arrays):
  return tf.data.Dataset.from_tensor_slices(np.stack(arrays))


def with_nan():
  inputs = draw_inputs(8)
  inputs[3, 2] = np.nan
  return inputs


BAD_BATCHES = {
  "NaN or infinity": with_nan(),
  "equal examples only": np.ones([8, 5], np.float32),
}


@pytest.mark.parametrize("reason", BAD_BATCHES)
@pytest.mark.parametrize(
  "options",
  [
    {},
    {"jit_compile": True},
    {"steps_per_execution": 3},
    {"run_eagerly": True},
  ],
)
def test_weights_are_those_before_the_bad_batch(reason, options):
  good = [draw_inputs(8, seed=seed) for seed in range(3)]
  # A rule of no random numbers: XLA and the rest agree to rounding.
  model, twin = (
    tiny_model(rule=lurl_tf.rule.Hebbian(), **options) for _ in range(2)
  )
  twin.fit(batches(*good[:2]), verbose=0)
  with pytest.raises(ValueError, match=f"Received: a batch with {reason}"):
    model.fit(batches(*good[:2], BAD_BATCHES[reason], good[2]), verbose=0)
  for one, other in zip(model.base_model.layers, twin.base_model.layers):
    for first, second in zip(one.layer_weights, other.layer_weights):
      np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-7)
  assert int(model.optimizer.iterations) == 2
  with pytest.raises(ValueError, match=reason):
    model.train_on_batch(BAD_BATCHES[reason])
  # It goes on with good data.
  model.fit(batches(*good), verbose=0)


def test_nan_in_an_array_is_found_before_the_first_step():
  model, inputs = tiny_model(), draw_inputs(64)
  model.build([None, 5])
  before = values_of(model)
  inputs[40, 1] = np.inf
  with pytest.raises(ValueError, match="1 of 64 rows, the first of them 40"):
    model.fit(inputs, batch_size=8, verbose=0)
  assert_equal_values(values_of(model), before)


def test_constant_columns_are_normal():
  model, inputs = tiny_model(), draw_inputs(32)
  inputs[:, :3] = 0.5
  model.fit(inputs, verbose=0)
  assert np.all(np.isfinite(model.predict(inputs, verbose=0)))


@pytest.mark.parametrize(
  ("inputs", "message"),
  [
    (np.zeros([8], np.float32), r"Expected inputs \[b, i\]"),
    (np.zeros([8, 5, 1], np.float32), r"shape \(8, 5, 1\)"),
    (np.zeros([8, 4], np.float32), r"shape \(None, 5\).*shape \(8, 4\)"),
    (np.zeros([1, 5], np.float32), "two examples or more"),
    (np.zeros([0, 5], np.float32), "two examples or more|without any"),
    (np.zeros([8, 5], np.uint8), "scaled to about .* uint8"),
    (np.zeros([8, 5], np.int64), "scaled to about .* int64"),
    ([draw_inputs(8)[:1]].__iter__(), "two examples or more"),
    (iter([]), "without any"),
    ("text", "Expected an array.* of type str"),
    (3.0, "Expected an array.* of type float"),
    ({"images": draw_inputs(8)}, "Expected an array.* of type dict"),
  ],
)
def test_what_is_no_batch_of_inputs(inputs, message):
  model = tiny_model()
  if message.startswith("shape"):
    model.build([None, 5])
  with pytest.raises(ValueError, match=message):
    model.fit(inputs, verbose=0)
  fresh = tiny_model()
  model.build([None, 5])
  fresh.build([None, 5])
  assert_equal_values(values_of(model), values_of(fresh))


def test_a_batch_of_one_by_train_on_batch():
  with pytest.raises(ValueError, match="two examples or more"):
    tiny_model().train_on_batch(draw_inputs(1))


def test_a_batch_size_of_one():
  with pytest.raises(ValueError, match="two examples or more"):
    tiny_model().fit(draw_inputs(8), batch_size=1)


def test_as_many_labels_as_inputs():
  rule = lurl_tf.rule.Backpropagation()
  with pytest.raises(ValueError, match="Received: 3 labels"):
    tiny_model(rule=rule).fit(draw_inputs(8), np.zeros(3))
  with pytest.raises(ValueError, match="Labels are needed"):
    tiny_model(rule=rule).fit(draw_inputs(8))


def test_labels_beside_what_is_no_array():
  with pytest.raises(ValueError, match="beside an array only"):
    tiny_model().fit(batches(draw_inputs(8)), np.zeros(8))


def test_a_head_that_is_not_there():
  model = tiny_model()
  model.compile(loss="mse", train_head=True)
  with pytest.raises(ValueError, match="a head to train"):
    model.fit(draw_inputs(8), np.zeros([8, 4]))


def test_labels_of_more_classes_than_units():
  model = tiny_model(units=(6, 3), rule=lurl_tf.rule.Backpropagation())
  model.build([None, 5])
  before = values_of(model)
  with pytest.raises(ValueError, match="labels that are not from 0 to 2"):
    model.fit(draw_inputs(8), np.arange(8) % 4, verbose=0)
  assert_equal_values(values_of(model), before)


def test_an_activation_that_a_supervised_rule_does_not_differentiate():
  model = tiny_model(rule=lurl_tf.rule.Backpropagation(), activation="tanh")
  with pytest.raises(ValueError, match="'relu'. Received: activation='tanh'"):
    model.fit(draw_inputs(8), np.zeros(8))


def test_scaled_integers_are_fine():
  model = lurl_tf.LocalRuleModel.from_model(stem_and_head(), tiny_rule())
  model.compile(jit_compile=False)
  images = np.random.default_rng(0).integers(0, 256, (16, 3, 2, 1), np.uint8)
  model.fit(images, batch_size=8, verbose=0)


def test_an_output_size_that_a_published_rule_cannot_serve():
  rule = lurl_tf.UpdateRule(
    lurl_tf.RuleConfig(hidden_channels=4, top_channels=4, output_size=16)
  )
  model = lurl_tf.LocalRuleModel((8, 5), rule)
  model.compile()
  with pytest.raises(ValueError, match="16 units. Received: 5 units"):
    model.fit(draw_inputs(), verbose=0)
  base = keras.Sequential([keras.Input([5]), lurl_tf.LocalRuleDense(5)])
  with pytest.raises(ValueError, match="16 units. Received: 5 units"):
    lurl_tf.LocalRuleModel.from_model(base, rule)


def test_weights_of_another_type_than_the_rule():
  base = keras.Sequential(
    [keras.Input([5]), lurl_tf.LocalRuleDense(4, dtype="float64")]
  )
  with pytest.raises(ValueError, match="float32. Received: float64"):
    lurl_tf.LocalRuleModel.from_model(base, tiny_rule())


def test_compile_comes_first():
  model = lurl_tf.LocalRuleModel((4,), tiny_rule())
  with pytest.raises(ValueError, match="compile()"):
    model.fit(draw_inputs())


def test_no_layers():
  with pytest.raises(ValueError, match="at least one layer"):
    lurl_tf.LocalRuleModel((), tiny_rule())


def test_a_truncated_preset(tmp_path):
  tiny_rule().save_preset(tmp_path / "rule")
  file = tmp_path / "rule" / "rule.weights.h5"
  file.write_bytes(file.read_bytes()[:1000])
  with pytest.raises(ValueError, match="damaged or was not written whole"):
    lurl_tf.LocalRuleModel((4,), tmp_path / "rule")
