# SPDX-License-Identifier: Apache-2.0
"""Tests of preset folders."""

import dataclasses
import hashlib
import json

import h5py
import numpy as np
import pytest

from lurl_tf.presets import storage
from lurl_tf.presets.metadata import PresetMetadata, Score
from lurl_tf.structures import RuleConfig

CONFIG = RuleConfig(hidden_channels=3, output_size=2, identical_updates=False)
METADATA = PresetMetadata(
  command="python -m experiments.meta_train --seed=1",
  tasks="lurl_glyphs",
  seed=1,
  outer_steps=200,
  wall_time_seconds=1.5,
  units=(64, 32),
  batch_size=64,
  image_size=8,
  inner_steps=100,
  inner_learning_rates=(0.03, 0.01),
  evaluation="a table\nof two lines",
  initial_rule="0123",
  validation=Score(200, 0.5, 0.25),
  curve=(Score(1, 0.5), Score(2, 0.25, 0.75)),
  good_for="tests",
)


def some_arrays(dtype="float32", seed=0):
  generator = np.random.default_rng([seed, 1])
  # Deliberately not in alphabetical order, and one of them a scalar.
  shapes = {"linear/w": (3, 2), "compute_top_delta/conv_1d/w": (5, 1, 3)}
  shapes |= {"batch_norm/beta": (1, 1, 3), "a": ()}
  return {
    name: np.asarray(generator.normal(size=shape), dtype)
    for name, shape in shapes.items()
  }


def assert_same_arrays(found, expected):
  assert list(found) == list(expected)
  for name, array in expected.items():
    assert found[name].dtype == array.dtype
    assert found[name].shape == array.shape
    np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_load_returns_what_was_saved(tmp_path, dtype):
  arrays = some_arrays(dtype)
  storage.save(tmp_path / "new" / "rule", CONFIG, arrays, METADATA)
  stored = storage.load(tmp_path / "new" / "rule")
  assert stored.config == CONFIG
  assert_same_arrays(stored.arrays, arrays)
  assert stored.metadata == dataclasses.replace(
    METADATA,
    library_version=stored.metadata.library_version,
    checksum=stored.metadata.checksum,
  )
  assert stored.metadata.library_version
  assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "rule"]


def test_files_can_be_read_without_this_library(tmp_path):
  arrays = some_arrays()
  storage.save(tmp_path / "rule", CONFIG, arrays, METADATA)
  config = json.loads((tmp_path / "rule" / "config.json").read_text())
  assert config == dataclasses.asdict(CONFIG)
  metadata = json.loads((tmp_path / "rule" / "metadata.json").read_text())
  assert metadata["units"] == [64, 32]
  with h5py.File(tmp_path / "rule" / "rule.weights.h5") as weights:
    np.testing.assert_array_equal(
      weights["compute_top_delta"]["conv_1d"]["w"][()],
      arrays["compute_top_delta/conv_1d/w"],
    )


def test_checksum_is_the_documented_sha256():
  array = np.array([1.0, -2.0], np.float32)
  expected = hashlib.sha256(
    b'["x", "<f4", [2]]' + b"\x00\x00\x80\x3f\x00\x00\x00\xc0"
  ).hexdigest()
  assert storage.checksum({"x": array}) == expected
  assert storage.checksum({"x": array.astype(">f4")}) == expected


@pytest.mark.parametrize(
  "other",
  [
    {"x": np.array([[1.0, 2.0]]), "y": np.zeros(1)},
    {"x": np.array([1.0, 2.0], np.float32), "y": np.zeros(1)},
    {"x": np.array([1.0, 2.0]), "z": np.zeros(1)},
    {"x": np.array([1.0, 2.1]), "y": np.zeros(1)},
    {"y": np.zeros(1), "x": np.array([1.0, 2.0])},
  ],
  ids=["shape", "dtype", "name", "value", "order"],
)
def test_checksum_changes_with(other):
  arrays = {"x": np.array([1.0, 2.0]), "y": np.zeros(1)}
  assert storage.checksum(other) != storage.checksum(arrays)


def test_save_replaces_an_older_preset_and_leaves_nothing_behind(tmp_path):
  storage.save(tmp_path / "rule", RuleConfig(), some_arrays(seed=1))
  storage.save(tmp_path / "rule", CONFIG, some_arrays(seed=2), METADATA)
  stored = storage.load(tmp_path / "rule")
  assert stored.config == CONFIG
  assert_same_arrays(stored.arrays, some_arrays(seed=2))
  assert list(tmp_path.iterdir()) == [tmp_path / "rule"]


def test_a_failing_save_leaves_the_older_preset(tmp_path):
  arrays = some_arrays()
  storage.save(tmp_path / "rule", CONFIG, arrays)
  clash = {"a": np.zeros(2), "a/b": np.zeros(2)}
  with pytest.raises(TypeError, match="already exists"):
    storage.save(tmp_path / "rule", RuleConfig(), clash)
  assert_same_arrays(storage.load(tmp_path / "rule").arrays, arrays)
  assert list(tmp_path.iterdir()) == [tmp_path / "rule"]


@pytest.mark.parametrize("file", storage.FILES)
def test_load_names_a_missing_file(tmp_path, file):
  storage.save(tmp_path / "rule", CONFIG, some_arrays())
  (tmp_path / "rule" / file).unlink()
  with pytest.raises(FileNotFoundError, match=f"Missing: {file}. Received"):
    storage.load(tmp_path / "rule")


def test_load_names_all_files_of_a_missing_folder(tmp_path):
  expected = "Missing: config.json, rule.weights.h5, metadata.json"
  with pytest.raises(FileNotFoundError, match=expected):
    storage.load(tmp_path / "rule")


def test_load_refuses_changed_weights(tmp_path):
  storage.save(tmp_path / "rule", CONFIG, some_arrays())
  with h5py.File(tmp_path / "rule" / "rule.weights.h5", "r+") as weights:
    weights["linear/w"][0, 0] += 1e-3
  with pytest.raises(ValueError, match="expected the checksum"):
    storage.load(tmp_path / "rule")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_load_refuses_a_truncated_file(tmp_path, share):
  storage.save(tmp_path / "rule", CONFIG, some_arrays())
  file = tmp_path / "rule" / "rule.weights.h5"
  content = file.read_bytes()
  file.write_bytes(content[: int(share * len(content))])
  with pytest.raises(ValueError, match="damaged or was not written whole"):
    storage.load(tmp_path / "rule")


@pytest.mark.parametrize(
  ("file", "text", "expected"),
  [
    ("config.json", '{"hidden_chanels": 3}', "hidden_chanels"),
    ("config.json", '{"hidden_channels": 0}', "positive integer"),
    ("config.json", '{"hidden_channels"', "not valid JSON"),
    ("config.json", "[]", "must be an object"),
    ("metadata.json", '{"author": "me"}', "author"),
    ("metadata.json", '{"inner_steps": NaN}', "inner_steps"),
  ],
)
def test_load_refuses_bad_json(tmp_path, file, text, expected):
  storage.save(tmp_path / "rule", CONFIG, some_arrays())
  (tmp_path / "rule" / file).write_text(text)
  with pytest.raises(ValueError, match=expected) as error:
    storage.load(tmp_path / "rule")
  assert file in str(error.value)


def test_fields_absent_from_an_older_preset_take_their_defaults(tmp_path):
  storage.save(tmp_path / "rule", CONFIG, some_arrays())
  file = tmp_path / "rule" / "config.json"
  fields = json.loads(file.read_text())
  del fields["mixing"]
  file.write_text(json.dumps(fields))
  assert storage.load(tmp_path / "rule").config == CONFIG


def test_metadata_refuses_values_that_json_cannot_hold():
  with pytest.raises(ValueError, match="Received: seed="):
    PresetMetadata(seed=np.int64(1))
  with pytest.raises(ValueError, match="wall_time_seconds=inf"):
    PresetMetadata(wall_time_seconds=float("inf"))


def test_save_refuses_arrays_that_are_no_weights(tmp_path):
  with pytest.raises(ValueError, match=r"arrays\['n'\].dtype=int64"):
    storage.save(tmp_path / "rule", CONFIG, {"n": np.arange(3)})
  with pytest.raises(ValueError, match="needs arrays"):
    storage.save(tmp_path / "rule", CONFIG, {})
  assert not list(tmp_path.iterdir())
