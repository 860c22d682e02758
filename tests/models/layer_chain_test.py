# SPDX-License-Identifier: Apache-2.0
"""Tests that the chain is found, and what is no chain is refused."""

import keras
import numpy as np
import pytest

import lurl_tf
from lurl_tf.models.layer_chain import find_layer_chain
from tests.tiny_models import stem_and_head


def test_parts():
  base = stem_and_head(units=(6, 4))
  chain = find_layer_chain(base)
  assert [layer.units for layer in chain.layers] == [6, 4]
  images = np.random.default_rng(0).random((5, 3, 2, 1), np.float32)
  hidden = chain.stem(images)
  np.testing.assert_allclose(hidden, images.reshape(5, 6) / 255, rtol=1e-6)
  for layer in chain.layers:
    hidden = layer(hidden)
  np.testing.assert_allclose(chain.head(hidden), base(images), rtol=1e-6)


def test_nothing_but_layers():
  base = keras.Sequential([keras.Input([3]), lurl_tf.LocalRuleDense(2)])
  chain = find_layer_chain(base)
  assert chain.head is None and len(chain.layers) == 1


def test_it_is_found_twice():
  base = stem_and_head()
  find_layer_chain(base)
  images = np.ones([5, 3, 2, 1], np.float32)
  outputs = base(images)
  chain = find_layer_chain(base)
  np.testing.assert_array_equal(base(images), outputs)
  assert len(chain.layers) == 2


def dense_between():
  return keras.Sequential(
    [
      keras.Input([3]),
      lurl_tf.LocalRuleDense(4),
      keras.layers.Dense(4),
      lurl_tf.LocalRuleDense(2),
    ]
  )


def side_by_side():
  inputs = keras.Input([3])
  sides = [lurl_tf.LocalRuleDense(4)(inputs) for _ in range(2)]
  return keras.Model(inputs, keras.layers.Add()(sides))


def used_twice():
  inputs, layer = keras.Input([3]), lurl_tf.LocalRuleDense(3)
  return keras.Model(inputs, layer(layer(inputs)))


def leads_past():
  inputs = keras.Input([4])
  hidden = lurl_tf.LocalRuleDense(4)(inputs)
  return keras.Model(inputs, keras.layers.Add()([hidden, inputs]))


def two_inputs():
  inputs = [keras.Input([4]), keras.Input([4])]
  hidden = lurl_tf.LocalRuleDense(4)(keras.layers.Add()(inputs))
  return keras.Model(inputs, hidden)


def without():
  return keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])


class Subclassed(keras.Model):
  """Its graph cannot be seen."""

  def __init__(self):
    super().__init__()
    self.dense = lurl_tf.LocalRuleDense(2)
    self.build([None, 3])

  def call(self, inputs):
    return self.dense(inputs)


@pytest.mark.parametrize(
  ("make", "message"),
  [
    (Subclassed, "functional or Sequential model.* Received: Subclassed"),
    (dense_between, "must form a chain"),
    (side_by_side, "must form a chain"),
    (used_twice, "used once"),
    (leads_past, "leads past"),
    (two_inputs, "2 inputs and 1 outputs"),
    (without, "with LocalRuleDense layers"),
  ],
)
def test_what_is_no_chain(make, message):
  with pytest.raises(ValueError, match=message):
    lurl_tf.LocalRuleModel.from_model(make(), lurl_tf.rule.Hebbian())
