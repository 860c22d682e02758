# SPDX-License-Identifier: Apache-2.0
"""Tests of the options of a rule's arithmetic."""

import threading

import pytest

from lurl_tf.rule.arithmetic.scope import (
  Arithmetic,
  arithmetic_scope,
  current_arithmetic,
)


def test_blocks_are_nested_and_left():
  seen = [current_arithmetic()]
  with arithmetic_scope(product_dtype="bfloat16"):
    seen.append(current_arithmetic())
    with arithmetic_scope(product_dtype="float32"):
      seen.append(current_arithmetic())
    seen.append(current_arithmetic())
  dtypes = [each.product_dtype for each in (*seen, current_arithmetic())]
  assert dtypes == ["float32", "bfloat16", "float32", "bfloat16", "float32"]


def test_inner_blocks_keep_what_they_do_not_change():
  with arithmetic_scope(layers="library"):
    with arithmetic_scope(convolutions="winograd") as inner:
      assert inner == current_arithmetic()
      assert inner == Arithmetic("library", convolutions="winograd")


def test_an_error_leaves_the_block():
  with pytest.raises(KeyError), arithmetic_scope(layers="library"):
    raise KeyError
  assert current_arithmetic() == Arithmetic()


def test_unknown_options_are_refused():
  with pytest.raises(TypeError, match="speed"), arithmetic_scope(speed=2):
    pass
  assert current_arithmetic() == Arithmetic()


def test_other_threads_are_outside():
  seen = []
  with arithmetic_scope(layers="library"):
    thread = threading.Thread(target=lambda: seen.append(current_arithmetic()))
    thread.start()
    thread.join()
  assert seen == [Arithmetic()]
