# SPDX-License-Identifier: Apache-2.0
"""Tests that TensorFlow's graph optimizer is off within a scope only."""

import pytest
import tensorflow as tf

from lurl_tf.meta.inner.plain_graphs import plain_graphs


def is_off():
  options = tf.config.optimizer.get_experimental_options()
  return options.get("disable_meta_optimizer", False)


def test_off_within_and_as_before_after():
  assert not is_off()
  with plain_graphs():
    assert is_off()
    with plain_graphs():
      assert is_off()
    assert is_off()
  assert not is_off()


def test_as_before_after_an_error():
  with pytest.raises(KeyError), plain_graphs():
    raise KeyError
  assert not is_off()
