# SPDX-License-Identifier: Apache-2.0
"""Tests of plain-text tables."""

import pytest

from lurl_tf.tables import format_table


def test_table_aligns_columns():
  table = format_table(
    ["method", "steps"], [["random_init", 0], ["learned_rule", 100]]
  )
  assert table.splitlines() == [
    "method        steps",
    "------------  -----",
    "random_init       0",
    "learned_rule    100",
  ]


def test_table_refuses_a_ragged_row():
  with pytest.raises(ValueError, match="Received: row="):
    format_table(["a", "b"], [["only one"]])
