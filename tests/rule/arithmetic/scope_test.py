# SPDX-License-Identifier: Apache-2.0
"""Tests of values that hold within a block."""

import threading

import pytest

from lurl_tf.rule.arithmetic.scope import Scope


def test_blocks_are_nested_and_left():
  scope = Scope(outside=0)
  seen = [scope.current]
  with scope.of(1):
    seen.append(scope.current)
    with scope.of(2):
      seen.append(scope.current)
    seen.append(scope.current)
  assert [*seen, scope.current] == [0, 1, 2, 1, 0]


def test_an_error_leaves_the_block():
  scope = Scope(outside=None)
  with pytest.raises(KeyError), scope.of(1):
    raise KeyError
  assert scope.current is None


def test_other_threads_are_outside():
  scope = Scope(outside=0)
  seen = []
  with scope.of(1):
    thread = threading.Thread(target=lambda: seen.append(scope.current))
    thread.start()
    thread.join()
  assert seen == [0]
