# SPDX-License-Identifier: Apache-2.0
"""Which convolutions `fit` takes for many channels; their numbers are equal."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.models.rule_step import RuleStep, chain_variables
from lurl_tf.rule.arithmetic import winograd
from tests.tiny_models import chain_of, draw_inputs, tiny_model, tiny_rule

CHANNELS = {
  "hidden_channels": 40,
  "top_channels": 40,
  "mixing": "published",
  "output_size": 4,
}


def many_channels(dtype="float32"):
  return tiny_rule(**CHANNELS, dtype=dtype)


@pytest.fixture(name="convolved")
def fixture_convolved(monkeypatch):
  """The axes that Winograd's convolutions were asked for."""
  axes, convolve = [], winograd.convolve

  def spy(inputs, kernel, axis):
    axes.append(axis)
    return convolve(inputs, kernel, axis)

  monkeypatch.setattr(winograd, "convolve", spy)
  return axes


@pytest.mark.parametrize(
  ("jit_compile", "convolutions", "accelerator", "expected"),
  [
    (True, "auto", False, True),
    (True, "auto", True, False),
    (False, "auto", False, False),
    (True, "direct", False, False),
    (False, "winograd", True, True),
  ],
)
def test_which(
  convolved, monkeypatch, jit_compile, convolutions, accelerator, expected
):
  devices = [tf.config.LogicalDevice("/device:CPU:0", "CPU")]
  if accelerator:
    devices.append(tf.config.LogicalDevice("/device:GPU:0", "GPU"))
  monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
  model = tiny_model()
  model.build([None, 5])
  layers, optimizer = chain_of(model), keras.optimizers.SGD(0.1)
  optimizer.build(chain_variables(layers))
  step = RuleStep(many_channels(), layers, optimizer, jit_compile, convolutions)
  tf.function(step, autograph=False).get_concrete_function(
    tf.TensorSpec([8, 5], tf.float32)
  )
  assert set(convolved) == ({-2, -3} if expected else set())


def test_the_same_numbers(convolved):
  def fit(convolutions):
    base = keras.Sequential(
      [
        keras.Input([5], dtype="float64"),
        *(lurl_tf.LocalRuleDense(units, dtype="float64") for units in (6, 4)),
      ]
    )
    model = lurl_tf.LocalRuleModel.from_model(base, many_channels("float64"))
    for layer, weights in zip(
      base.layers, lurl_tf.layers.initial_weights(5, (6, 4), seed=(0, 0))
    ):
      layer.assign_layer_weights(weights)
    model.compile(
      keras.optimizers.SGD(0.1), jit_compile=False, convolutions=convolutions
    )
    model.fit(
      draw_inputs(24).astype(np.float64), batch_size=8, shuffle=False, verbose=0
    )
    return [layer.kernel.numpy() for layer in base.layers]

  direct = fit("direct")
  assert not convolved
  filtered = fit("winograd")
  assert convolved
  for one, other in zip(direct, filtered):
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_other_names_are_refused():
  with pytest.raises(ValueError, match="Received: convolutions='fast'"):
    tiny_model().compile(convolutions="fast")
