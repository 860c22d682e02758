# SPDX-License-Identifier: Apache-2.0
"""Tests of the names of baselines."""

import pytest

from lurl_tf import baselines


def test_all_in_their_order():
  assert list(baselines.get()) == list(baselines.NAMED)
  assert list(baselines.get(["vae", "raw_inputs"])) == ["raw_inputs", "vae"]
  assert baselines.get([]) == {}


def test_networks_are_those_asked_for():
  found = baselines.get(units=(64, 16), activation="tanh")
  assert found["supervised"].units == (64, 16)
  assert found["supervised"].activation == "tanh"
  assert found["vae"].units == (64, 16)
  assert found["pca_32"] == baselines.NAMED["pca_32"]


def test_unknown_names_are_told():
  with pytest.raises(ValueError, match="k_means_256.*Received: 'k_mean_256'"):
    baselines.get(["pca_32", "k_mean_256"])
