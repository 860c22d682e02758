# SPDX-License-Identifier: Apache-2.0
"""The authors' numbers through `fit` and `predict`."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import lurl_tf

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
BASE = "LocalWeightUpdateWLearner/LinearBatchNorm"
SHUFFLE = "base0/LocalWeightUpdateWLearner/shuffle_ind"


@pytest.fixture(scope="module")
def arrays():
  with np.load(GOLDEN / "case_a.npz") as stored:
    return {name: stored[name] for name in stored.files}


def golden_weights(arrays, prefix, layers):
  """W, b and V of every layer; backward layers are numbered after all W."""

  def load(index, leaf):
    name = f"{BASE}{f'_{index}' if index else ''}/{leaf}"
    return arrays[f"{prefix}/{name}"]

  return [
    (load(k, "linear/w"), load(k, "b").ravel(), load(layers + k, "linear/w"))
    for k in range(layers)
  ]


def golden_inputs(arrays, name, dtype):
  images = arrays[name].astype(dtype)
  return images.reshape(len(images), -1)[:, arrays[SHUFFLE]]


def assert_golden(actual, expected, tolerance):
  assert actual.shape == expected.shape
  largest = np.max(np.abs(expected))
  assert np.max(np.abs(actual - expected)) <= tolerance * largest


@pytest.mark.parametrize(
  ("steps", "dtype", "tolerance", "options"),
  [
    pytest.param(5, "float32", 1e-5, {}, marks=pytest.mark.default_xla),
    (1, "float32", 1e-5, {"jit_compile": False}),
    (5, "float64", 1e-9, {"jit_compile": False}),
    (
      5,
      "float64",
      1e-9,
      {"jit_compile": False, "convolutions": "winograd"},
    ),
  ],
)
def test_states_and_features(arrays, steps, dtype, tolerance, options):
  layers = sum(name.startswith("zs/") for name in arrays)
  initial = golden_weights(arrays, "base0", layers)
  rule = lurl_tf.from_tf1_checkpoint(
    GOLDEN / "case_a_tf1_checkpoint" / "tf_graph_data.ckpt", dtype
  )
  base = keras.Sequential(
    [
      keras.Input([initial[0][0].shape[0]], dtype=dtype),
      *(
        lurl_tf.LocalRuleDense(bias.size, dtype=dtype) for _, bias, _ in initial
      ),
    ]
  )
  model = lurl_tf.LocalRuleModel.from_model(base, rule, batch_statistics=True)
  model.compile(**options)  # the published DecayedSGD(1e-4)
  for layer, values in zip(base.layers, initial):
    layer.assign_layer_weights(lurl_tf.LayerWeights(*values))
  batches = [
    golden_inputs(arrays, f"batch/{step}/image", dtype) for step in range(steps)
  ]
  model.fit(tf.data.Dataset.from_tensor_slices(np.stack(batches)), verbose=0)
  for layer, expected in zip(
    base.layers, golden_weights(arrays, f"state{steps}", layers)
  ):
    for actual, golden in zip(layer.layer_weights, expected):
      assert_golden(actual.numpy(), golden, tolerance)
  episode = np.concatenate(
    [
      golden_inputs(arrays, f"meta/{part}/image", dtype)
      for part in ("train", "test")
    ]
  )
  features = model.predict(tf.data.Dataset.from_tensors(episode), verbose=0)
  assert_golden(features, arrays[f"meta/step{steps}/features_all"], tolerance)
