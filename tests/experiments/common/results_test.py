# SPDX-License-Identifier: Apache-2.0
"""Tests of the results file and the table."""

import json
import os

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.common import results
from experiments.common.results import write_figure


def test_written_results_are_read_back(tmp_path):
  path = str(tmp_path / "new_folder" / "results.json")
  value = {"rows": [{"accuracy": 0.5, "interval": (0.25, 0.75)}], "n": 3}
  results.write_results(path, value)
  with open(path, encoding="utf-8") as file:
    assert json.load(file) == {
      "rows": [{"accuracy": 0.5, "interval": [0.25, 0.75]}],
      "n": 3,
    }
  assert os.listdir(tmp_path / "new_folder") == ["results.json"]


def test_numbers_that_json_lacks_become_null(tmp_path):
  path = str(tmp_path / "results.json")
  results.write_results(path, [float("nan"), float("inf"), {"a": 1.0}])
  with open(path, encoding="utf-8") as file:
    assert json.load(file) == [None, None, {"a": 1.0}]


def test_failed_write_leaves_the_old_file(tmp_path):
  path = str(tmp_path / "results.json")
  results.write_results(path, {"old": True})
  with pytest.raises(TypeError):
    results.write_results(path, {"new": object()})
  with open(path, encoding="utf-8") as file:
    assert json.load(file) == {"old": True}
  assert os.listdir(tmp_path) == ["results.json"]


def test_failed_replace_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
  path = str(tmp_path / "results.json")
  results.write_results(path, {"old": True})

  def refuse(source, destination):
    raise OSError("no")

  monkeypatch.setattr(os, "replace", refuse)
  with pytest.raises(OSError):
    results.write_results(path, {"new": True})
  with open(path, encoding="utf-8") as file:
    assert json.load(file) == {"old": True}
  assert os.listdir(tmp_path) == ["results.json"]


def test_check_writable_makes_the_folder_and_keeps_the_file(tmp_path):
  path = str(tmp_path / "folder" / "results.json")
  results.check_writable(path)
  assert os.listdir(tmp_path / "folder") == []
  results.write_results(path, {"old": True})
  results.check_writable(path)
  with open(path, encoding="utf-8") as file:
    assert json.load(file) == {"old": True}


def test_check_writable_refuses_a_folder(tmp_path):
  with pytest.raises(IsADirectoryError, match="Received: path="):
    results.check_writable(str(tmp_path))


def test_check_writable_refuses_a_path_below_a_file(tmp_path):
  (tmp_path / "file").write_text("")
  with pytest.raises(OSError, match="Received: path="):
    results.check_writable(str(tmp_path / "file" / "results.json"))


def test_check_writable_refuses_a_file_system_that_refuses():
  # Even the super-user cannot make files there.
  with pytest.raises(OSError, match="Received: path="):
    results.check_writable("/proc/results.json")


def test_a_figure_can_be_read_back(tmp_path):
  path = tmp_path / "missing" / "figure.png"
  write_figure(str(path), Figure(figsize=(2, 1), facecolor=(1, 0, 0)))
  pixels = np.asarray(Image.open(path).convert("RGB"))
  assert pixels.shape == (120, 240, 3)
  assert np.all(pixels == (255, 0, 0))
  assert [each.name for each in path.parent.iterdir()] == ["figure.png"]
