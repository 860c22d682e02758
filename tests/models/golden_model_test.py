# SPDX-License-Identifier: Apache-2.0
"""The authors' numbers through `fit` and `predict`."""

import pathlib

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


def golden_inputs(arrays, name):
  images = arrays[name].astype(np.float32)
  return images.reshape(len(images), -1)[:, arrays[SHUFFLE]]


def assert_golden(actual, expected, tolerance=1e-5):
  assert actual.shape == expected.shape
  largest = np.max(np.abs(expected))
  assert np.max(np.abs(actual - expected)) <= tolerance * largest


@pytest.mark.parametrize(("steps", "prefix"), [(1, "state1"), (5, "state5")])
def test_states_and_features(arrays, steps, prefix):
  layers = sum(name.startswith("zs/") for name in arrays)
  initial = golden_weights(arrays, "base0", layers)
  rule = lurl_tf.from_tf1_checkpoint(
    GOLDEN / "case_a_tf1_checkpoint" / "tf_graph_data.ckpt"
  )
  model = lurl_tf.LocalRuleModel(
    [bias.size for _, bias, _ in initial], rule, batch_statistics=True, seed=0
  )
  model.compile()  # the published DecayedSGD(1e-4)
  model.build([None, initial[0][0].shape[0]])
  for layer, values in zip(model.base_model.layers, initial):
    layer.assign_layer_weights(lurl_tf.LayerWeights(*values))
  batches = [
    golden_inputs(arrays, f"batch/{step}/image") for step in range(steps)
  ]
  model.fit(tf.data.Dataset.from_tensor_slices(np.stack(batches)), verbose=0)
  for layer, expected in zip(
    model.base_model.layers, golden_weights(arrays, prefix, layers)
  ):
    for actual, golden in zip(layer.layer_weights, expected):
      assert_golden(actual.numpy(), golden)
  episode = np.concatenate(
    [golden_inputs(arrays, f"meta/{part}/image") for part in ("train", "test")]
  )
  features = model.predict(episode, batch_size=len(episode), verbose=0)
  assert_golden(features, arrays[f"meta/step{steps}/features_all"], 1e-4)
