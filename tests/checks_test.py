# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks of options."""

import types

import pytest

from lurl_tf.checks import check_at_least, check_units


def test_large_enough_passes():
  check_at_least(types.SimpleNamespace(a=1, b=0.5), a=1, b=0)
  check_units((3, 1))


@pytest.mark.parametrize("value", [0, float("nan")])
def test_too_small_is_refused_by_name(value):
  with pytest.raises(ValueError, match=f"`a` must be 1 or more.*a={value}"):
    check_at_least(types.SimpleNamespace(a=value, b=3), a=1, b=0)


@pytest.mark.parametrize("units", [(), (3, 0)])
def test_layers_without_units_are_refused(units):
  with pytest.raises(ValueError, match="Received: units="):
    check_units(units)
