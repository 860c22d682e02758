# SPDX-License-Identifier: Apache-2.0
"""The layer keeps to what Keras's own layers keep to, in every float type."""

import functools

import keras
import numpy as np
import pytest

import lurl_tf
from tests.keras_conformance import check_layer, to_float

TOLERANCES = {
  "float32": 1e-5,
  "float64": 1e-12,
  "float16": 5e-3,
  "bfloat16": 5e-2,
  "mixed_float16": 5e-3,
  "mixed_bfloat16": 5e-2,
}


def draw_inputs(rows=16, columns=6):
  return (
    np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
  )


@pytest.mark.parametrize("policy", TOLERANCES)
@pytest.mark.parametrize("batch_statistics", [False, True])
def test_conformance(policy, batch_statistics, tmp_path):
  make = functools.partial(
    lurl_tf.LocalRuleDense,
    4,
    "tanh",
    batch_statistics=batch_statistics,
    kernel_initializer=keras.initializers.RandomNormal(stddev=0.5, seed=1),
  )
  check_layer(make, draw_inputs(), policy, tmp_path, TOLERANCES[policy])


@pytest.mark.parametrize("policy", TOLERANCES)
def test_all_float_types_agree(policy):
  keras.utils.set_random_seed(0)
  layers = [
    lurl_tf.LocalRuleDense(4, dtype=each) for each in ("float64", policy)
  ]
  for layer in layers:
    layer.build([None, 6])
  layers[1].set_weights(layers[0].get_weights())
  inputs = 30 * draw_inputs(rows=300)
  # Sums of squares of these overflow float16.
  exact, rounded = (to_float(layer(inputs, training=True)) for layer in layers)
  np.testing.assert_allclose(rounded, exact, rtol=0, atol=TOLERANCES[policy])
