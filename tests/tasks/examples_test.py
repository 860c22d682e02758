# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks on examples held in memory."""

import numpy as np
import pytest

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import scale_to_unit, validate_examples


def _examples(**changes):
  examples = LabelledExamples(
    inputs=np.zeros((4, 6), np.float32),
    labels=np.array([0, 1, 2, 0], np.int32),
    class_names=("a", "b", "c"),
    image_shape=(2, 3, 1),
  )
  return examples._replace(**changes)


def test_good_examples_pass():
  validate_examples(_examples())
  validate_examples(_examples(inputs=np.zeros((4, 6), np.uint8)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_input_is_named(value):
  inputs = np.zeros((4, 6), np.float32)
  inputs[2, 5] = value
  with pytest.raises(ValueError, match=r"1 of 4 examples.*inputs\[2\]"):
    validate_examples(_examples(inputs=inputs))


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"inputs": np.zeros((4, 2, 3), np.float32)}, r"shape \[b, i\]"),
    ({"inputs": np.zeros((4, 6), np.float64)}, "uint8 or float32"),
    ({"image_shape": (2, 2, 1)}, "image_shape"),
    ({"labels": np.zeros(3, np.int32)}, "one integer per input"),
    ({"labels": np.zeros(4, np.float32)}, "one integer per input"),
    ({"labels": np.array([0, 1, 2, 3])}, "from 0 to 3"),
    ({"labels": np.array([0, 1, 2, -1])}, "from -1 to 2"),
  ],
)
def test_bad_examples_raise(changes, message):
  with pytest.raises(ValueError, match=message):
    validate_examples(_examples(**changes))


def test_scaling_uint8():
  scaled = scale_to_unit(np.array([[0, 51, 255]], np.uint8))
  assert scaled.dtype == np.float32
  np.testing.assert_allclose(scaled, [[0.0, 0.2, 1.0]], rtol=1e-6)


def test_scaling_leaves_floats_alone():
  inputs = np.array([-1.0, 3.0], np.float32)
  np.testing.assert_array_equal(scale_to_unit(inputs), inputs)
