# SPDX-License-Identifier: Apache-2.0
"""Tests of finding presets by name and by path."""

import numpy as np
import pytest

from lurl_tf import presets
from lurl_tf.presets import catalogue
from lurl_tf.structures import RuleConfig

ARRAYS = {"linear/w": np.ones([2, 2], np.float32)}


@pytest.fixture
def shipped(tmp_path, monkeypatch):
  """Two shipped presets, neither of them the default yet."""
  folder = tmp_path / "shipped"
  monkeypatch.setattr(catalogue, "SHIPPED", folder)
  for name in ("small", "large"):
    presets.save(folder / name, RuleConfig(), ARRAYS)
  return folder


def test_every_preset_of_this_copy_loads():
  for name in (*presets.available(), *presets.starts(), "imitation"):
    stored = presets.load(presets.find(name))
    assert stored.metadata.command, name
    assert all(np.isfinite(array).all() for array in stored.arrays.values())
  if presets.available():
    assert presets.default() in presets.available()


def test_starts_are_found_by_name_and_hidden_from_available(
  shipped, tmp_path, monkeypatch
):
  monkeypatch.setattr(catalogue, "STARTS", tmp_path / "starts")
  presets.save(tmp_path / "starts" / "small", RuleConfig(), ARRAYS)
  assert presets.starts() == ("starts/small",)
  assert presets.available() == ("large", "small")
  assert presets.find("starts/small") == tmp_path / "starts" / "small"
  with pytest.raises(FileNotFoundError, match="starts: starts/small"):
    presets.find("starts/large")


def test_imitation_is_the_start_of_pooled_rules():
  assert "imitation" not in presets.available()
  assert presets.find("imitation") == presets.find("starts/pooled")
  stored = presets.load(presets.find("imitation"))
  # The weights that shipped as `imitation` in version 0.1.
  assert stored.metadata.checksum == (
    "691319d7f35462e230e201a6029b0c6c87933d58290ccdb9515adeae6c851226"
  )


def test_available_lists_presets_only(shipped):
  (shipped / "notes").mkdir()
  (shipped / "DEFAULT").write_text("small\n")
  assert presets.available() == ("large", "small")


def test_find_resolves_a_name_a_folder_and_a_log_folder(shipped, tmp_path):
  assert presets.find("small") == shipped / "small"
  run = tmp_path / "run"
  presets.save(run / "rule", RuleConfig(), ARRAYS)
  assert presets.find(run / "rule") == run / "rule"
  assert presets.find(str(run)) == run / "rule"
  np.testing.assert_array_equal(
    presets.load(presets.find(run)).arrays["linear/w"], ARRAYS["linear/w"]
  )


def test_a_shipped_name_beats_a_folder_of_that_name(
  shipped, tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  presets.save("small", RuleConfig(), ARRAYS)
  assert presets.find("small") == shipped / "small"
  assert presets.find("./small").resolve() == (tmp_path / "small").resolve()


def test_find_says_what_there_is_and_where_it_looked(shipped, tmp_path):
  wrong = str(tmp_path / "smal")
  with pytest.raises(FileNotFoundError) as error:
    presets.find(wrong)
  message = str(error.value)
  assert f"name_or_path={wrong!r}" in message
  assert "large, small" in message
  assert f"{tmp_path / 'smal'}, {tmp_path / 'smal' / 'rule'}" in message


def test_find_leads_to_a_damaged_preset_so_that_load_can_name_the_damage(
  shipped, tmp_path
):
  (shipped / "small" / "config.json").unlink()
  with pytest.raises(FileNotFoundError, match="Missing: config.json"):
    presets.load(presets.find("small"))


def test_default_is_what_the_file_says(shipped):
  with pytest.raises(LookupError, match=r"one of \['large', 'small'\]"):
    presets.default()
  (shipped / "DEFAULT").write_text("medium\n")
  with pytest.raises(LookupError, match="Received: 'medium'"):
    presets.default()
  (shipped / "DEFAULT").write_text("large\n")
  assert presets.default() == "large"


def test_without_shipped_presets_default_says_so(tmp_path, monkeypatch):
  monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "nowhere")
  assert presets.available() == ()
  with pytest.raises(LookupError, match="Expected a shipped .*nowhere"):
    presets.default()
  with pytest.raises(FileNotFoundError, match="Shipped presets: none"):
    presets.find("small")
