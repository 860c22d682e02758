# SPDX-License-Identifier: Apache-2.0
"""Tests of the bound for what XLA merges."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.rule.arithmetic.computed_once import computed_once

VALUES = np.array([1.5, -0.0, np.inf, -2.0], np.float32)


def bounded(values, part):
  return 2 * computed_once(values + part, part)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("part", [0.5, np.inf, np.nan])
def test_nothing_changes(jit_compile, part):
  function = tf.function(bounded, jit_compile=jit_compile, autograph=False)
  part = np.array([part, 1.0, part, part], np.float32)
  for each in (part, np.full_like(part, np.nan)):
    actual = function(tf.constant(VALUES), tf.constant(each))
    np.testing.assert_array_equal(actual, 2 * (VALUES + each))


def test_xla_leaves_it_alone():
  """Without a condition in what it compiles there is no bound."""
  function = tf.function(bounded, jit_compile=True, autograph=False)
  compiled = function.experimental_get_compiler_ir(
    tf.constant(VALUES), tf.constant(VALUES)
  )(stage="optimized_hlo")
  assert " conditional(" in compiled
