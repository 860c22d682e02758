# SPDX-License-Identifier: Apache-2.0
"""Tests that the reason of a refused batch is a value, not a message's text."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.models.input_checks import BadBatchError, BatchChecks

GOOD = np.arange(6, dtype=np.float32).reshape(3, 2)
BAD_BATCHES = [
  (np.full([3, 2], np.nan, np.float32), None, "NaN or infinity"),
  (np.ones([3, 2], np.float32), None, "equal examples only"),
  (GOOD, np.array([0, 1, 4]), "labels that are not from 0 to 3"),
]


@pytest.mark.parametrize("as_graph", [False, True])
@pytest.mark.parametrize(("inputs", "labels", "message"), BAD_BATCHES)
def test_reasons(as_graph, inputs, labels, message):
  checks, changed = BatchChecks(4), tf.Variable(0)

  def step(*batch):
    with tf.control_dependencies(checks.operations(*batch)):
      changed.assign_add(1)

  if as_graph:
    step = tf.function(step, autograph=False)
  batch = [inputs] if labels is None else [inputs, labels]
  batch = [tf.constant(array) for array in batch]
  with checks.errors():
    step(tf.constant(GOOD))
  with pytest.raises(BadBatchError, match=message), checks.errors():
    step(*batch)
  assert int(changed) == 1


def test_other_errors_pass_unchanged_whatever_their_text():
  checks = BatchChecks(4)
  with pytest.raises(BadBatchError), checks.errors():
    checks.operations(tf.ones([3, 2]))
  # The reason of an earlier batch is forgotten.
  error = tf.errors.InvalidArgumentError(None, None, "Bad batch")
  with pytest.raises(tf.errors.InvalidArgumentError), checks.errors():
    raise error
