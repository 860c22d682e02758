# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader of the authors' TensorFlow 1 checkpoints."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.presets.tf1_checkpoint import SCOPE, read_tf1_checkpoint
from lurl_tf.structures import RuleConfig

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
CASE_A = GOLDEN / "case_a_tf1_checkpoint" / "tf_graph_data.ckpt"
CASE_C = GOLDEN / "case_c_separate_backward_update.npz"


def golden_theta(file):
  prefix = f"theta/{SCOPE}"
  with np.load(file) as golden:
    return {
      key.removeprefix(prefix): golden[key]
      for key in golden.files
      if key.startswith(prefix)
    }


def write_checkpoint(prefix, variables):
  """Writes what a TensorFlow 1 Saver writes; returns the prefix."""
  tf.raw_ops.SaveV2(
    prefix=str(prefix),
    tensor_names=list(variables),
    shape_and_slices=[""] * len(variables),
    tensors=[tf.constant(value) for value in variables.values()],
  )
  return prefix


def changed_case_a(**changes):
  """Variables of case A with some replaced, or removed where None."""
  theta = golden_theta(GOLDEN / "case_a.npz")
  theta |= {name.replace("__", "/"): value for name, value in changes.items()}
  return {SCOPE + n: value for n, value in theta.items() if value is not None}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_case_a_equals_the_golden_arrays(dtype):
  config, arrays = read_tf1_checkpoint(CASE_A, dtype)
  expected = golden_theta(GOLDEN / "case_a.npz")
  assert len(expected) == 72
  assert list(arrays) == sorted(expected)
  for name, array in arrays.items():
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, expected[name])
  assert config == RuleConfig(output_size=8, dtype=dtype)


def test_separate_backward_updates_are_recognised(tmp_path):
  theta = golden_theta(CASE_C)
  prefix = write_checkpoint(
    tmp_path / "ckpt", {SCOPE + name: array for name, array in theta.items()}
  )
  config, arrays = read_tf1_checkpoint(str(prefix))
  assert config == RuleConfig(output_size=5, identical_updates=False)
  assert list(arrays) == sorted(theta)
  for name, array in theta.items():
    np.testing.assert_array_equal(arrays[name], array)


def test_all_sizes_are_read_off_the_shapes(tmp_path):
  hidden, delta, top, readout, output = 7, 5, 6, 2, 3
  sizes = {
    "compute_top_delta/conv_1d/w": (5, 1, top),
    "compute_top_delta/conv_1d_1/w": (3, output, output),
    "compute_top_delta/conv_1d_2/w": (3, output, output),
    "compute_top_delta/batch_norm_1/beta": (1, 1, output),
    "compute_top_delta/conv_1d_3/w": (3, top, top),
    "compute_top_delta/conv_1d_4/w": (3, top, top),
    "compute_top_delta/conv_1d_5/w": (3, top, delta),
    "batch_norm/beta": (1, 1, 4 + delta),
    "conv_1d/w": (3, 13 + delta, hidden),
    "conv_1d_1/w": (3, hidden, hidden),
    "linear/w": (hidden, delta),
    "forwardweight_readout_0_top/linear/w": (hidden, readout),
    "forwardweight_readout_0_bottom/linear/w": (hidden, readout),
    "bias_readout/w": (hidden, 1),
  }
  prefix = write_checkpoint(
    tmp_path / "ckpt",
    {SCOPE + name: np.zeros(shape, "f") for name, shape in sizes.items()},
  )
  assert read_tf1_checkpoint(prefix).config == RuleConfig(
    hidden_channels=hidden,
    delta_channels=delta,
    top_channels=top,
    readout_channels=readout,
    output_size=output,
  )


def test_what_is_no_meta_parameter_is_ignored(tmp_path):
  variables = changed_case_a()
  expected = sorted(name.removeprefix(SCOPE) for name in variables)
  extra = {
    f"{SCOPE}batch_norm/moving_mean": np.zeros([1, 1, 36], "f"),
    f"{SCOPE}linear/w/Adam": np.zeros([64, 32], "f"),
    "LocalWeightUpdateWLearner/LinearBatchNorm/linear/w": np.zeros([2, 2], "f"),
    "global_step": np.int64(3),
  }
  prefix = write_checkpoint(tmp_path / "ckpt", variables | extra)
  assert list(read_tf1_checkpoint(prefix).arrays) == expected


def test_a_checkpoint_that_does_not_exist(tmp_path):
  with pytest.raises(FileNotFoundError, match="Received: prefix=.*nowhere"):
    read_tf1_checkpoint(tmp_path / "nowhere.ckpt")


def test_a_checkpoint_of_something_else(tmp_path):
  prefix = write_checkpoint(tmp_path / "ckpt", {"dense/w": np.zeros([2], "f")})
  with pytest.raises(ValueError, match=f"Missing: {SCOPE}bias_readout/w"):
    read_tf1_checkpoint(prefix)


def test_a_checkpoint_that_lacks_a_variable(tmp_path):
  variables = changed_case_a(linear__w=None)
  prefix = write_checkpoint(tmp_path / "ckpt", variables)
  with pytest.raises(ValueError, match=rf"Missing: {SCOPE}linear/w\. Received"):
    read_tf1_checkpoint(prefix)


def test_shapes_that_disagree(tmp_path):
  variables = changed_case_a(linear__w=np.zeros([64, 31], "f"))
  prefix = write_checkpoint(tmp_path / "ckpt", variables)
  expected = r"agree on `delta_channels`. Received: .*linear/w \[64, 31\]"
  with pytest.raises(ValueError, match=expected):
    read_tf1_checkpoint(prefix)


@pytest.mark.parametrize("file", ["*.data*", "*.index"])
def test_a_truncated_checkpoint(tmp_path, file):
  shutil.copytree(CASE_A.parent, tmp_path / "copy")
  (file,) = (tmp_path / "copy").glob(file)
  content = file.read_bytes()
  file.write_bytes(content[: len(content) // 2])
  with pytest.raises(ValueError, match="The checkpoint is damaged"):
    read_tf1_checkpoint(tmp_path / "copy" / CASE_A.name)


def test_an_unknown_dtype():
  with pytest.raises(ValueError, match="Received: dtype='float16'"):
    read_tf1_checkpoint(CASE_A, dtype="float16")
