# SPDX-License-Identifier: Apache-2.0
"""Tests of the base class of rules."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.presets import PresetMetadata
from lurl_tf.rule import LocalRule
from tests.rule import one_batch


class LooksAround(LocalRule):
  """Keeps what it was shown."""

  def __init__(self, scale=1.0):
    super().__init__()
    self.scale = scale
    self.views = []

  def layer_change(self, layer):
    self.views.append(layer)
    return tf.nest.map_structure(lambda x: self.scale * x, layer.weights)

  def get_config(self):
    return {"scale": self.scale}


def test_every_layer_is_shown_by_itself():
  weights, inputs = one_batch.draw_weights((5, 4, 3)), one_batch.draw_inputs()
  rule = LooksAround(2.0)
  changes = one_batch.propose(rule, weights, inputs)
  activations = lurl_tf.forward(weights, inputs)
  assert len(rule.views) == 3
  below = inputs
  for index, view in enumerate(rule.views):
    assert view.weights is weights[index]
    np.testing.assert_array_equal(view.inputs, below)
    np.testing.assert_array_equal(
      view.pre_activations, activations.pre_activations[index]
    )
    below = activations.post_activations[index]
    np.testing.assert_array_equal(view.post_activations, below)
    np.testing.assert_array_equal(changes[index].bias, 2 * weights[index].bias)


def test_defaults():
  rule = LocalRule()
  assert rule.meta_parameters == ()
  assert rule.dtype is None
  assert not rule.needs_targets
  assert rule.metadata == PresetMetadata()
  assert rule.get_config() == {}
  rule.check_output_size(1)


def test_config_round_trip():
  assert LooksAround.from_config(LooksAround(3.0).get_config()).scale == 3.0


def test_a_rule_that_overrides_nothing():
  with pytest.raises(NotImplementedError, match="LocalRule must override"):
    one_batch.propose(
      LocalRule(), one_batch.draw_weights(), one_batch.draw_inputs()
    )
