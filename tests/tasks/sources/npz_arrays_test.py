# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks on arrays; good ones are in npz_source_test.py."""

import zipfile

import numpy as np
import pytest

from lurl_tf.tasks.sources.npz_arrays import read_npz

IMAGES = np.zeros((6, 4, 4), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def with_value(array, value):
  array = array.copy()
  array[2].flat[-1] = value
  return array


def good_splits():
  return {
    "x_train": IMAGES,
    "y_train": LABELS,
    "x_test": IMAGES,
    "y_test": LABELS,
  }


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"y": None}, r"must hold `x` and `y`.* Received: x in"),
    ({"x": None}, "Received: y in"),
    ({"x": IMAGES[:5]}, "`x` and `y` must have one length.* 5 and 6 in"),
    ({"x": IMAGES[0, 0]}, r"`x` must hold numbers of shape.*shape=\(4,\)"),
    ({"x": np.zeros((6, 4, 4, 2))}, r"shape=\(6, 4, 4, 2\)"),
    ({"x": np.zeros((6, 0))}, r"shape=\(6, 0\)"),
    ({"x": IMAGES.astype(str)}, "dtype=<U"),
    ({"x": IMAGES.astype(complex)}, "dtype=complex128"),
    ({"x": with_value(IMAGES / 1, np.nan)}, r"NaN .* 1 of 6 .* in x\[2\]"),
    ({"x": with_value(IMAGES / 1, np.inf)}, r"infinite .* in x\[2\]"),
    ({"x": with_value(IMAGES / 1, 1.5)}, "float64, from 0.0 to 1.5"),
    ({"x": with_value(IMAGES / 1, -0.5)}, "float64, from -0.5 to 0.0"),
    ({"x": with_value(IMAGES.astype(int), 256)}, "int64, from 0 to 256"),
    ({"x": with_value(IMAGES.astype(int), -1)}, "int64, from -1 to 0"),
    ({"y": LABELS + 0.0}, "`y` must hold an integer.* dtype=float64"),
    ({"y": np.eye(3)[LABELS]}, r"shape=\(6, 3\)"),
    ({"y": LABELS - 1}, "`y` must hold labels from 0 to 2.* from -1 to 1 in"),
    ({"y": LABELS + 1}, "labels from 1 to 3 in"),
    ({"y": 2 * LABELS}, "labels from 0 to 4 in"),
    ({"y": 0 * LABELS}, "two or more classes. Received: 0 in"),
    ({"class_names": ["cat", "dog"]}, "from 0 to 1, .* labels from 0 to 2"),
  ],
)
def test_bad_arrays_are_named(tmp_path, changes, message):
  arrays = {"x": IMAGES, "y": LABELS} | changes
  arrays = {key: value for key, value in arrays.items() if value is not None}
  np.savez(tmp_path / "mine.npz", **arrays)
  with pytest.raises(ValueError, match=f"{message}.*mine.npz"):
    read_npz(str(tmp_path / "mine.npz"))


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"y_test": LABELS + 1}, "`y_test` must hold labels from 0 to 2.*1 to 3"),
    ({"y_test": LABELS[:3]}, "`x_test` and `y_test` must have one length"),
    ({"x_test": IMAGES[:, :3]}, r"one shape.*\(3, 4, 1\) and \(4, 4, 1\)"),
    ({"x_test": IMAGES[:0], "y_test": LABELS[:0]}, r"`x_test`.*\(0, 4, 4, 1\)"),
    ({"x_test": None}, "Received: x_train, y_train, y_test in"),
  ],
)
def test_bad_splits_are_named(tmp_path, changes, message):
  test_bad_arrays_are_named(
    tmp_path, {"x": None, "y": None} | good_splits() | changes, message
  )


def test_good_arrays_pass(tmp_path):
  np.savez(tmp_path / "mine.npz", **good_splits())
  arrays = read_npz(str(tmp_path / "mine.npz"))
  assert arrays.class_names == ("0", "1", "2")
  assert arrays.pairs["_test"].inputs.shape == (6, 4, 4, 1)


def test_what_is_no_file_of_arrays_is_named(tmp_path):
  path = tmp_path / "mine.npz"
  with pytest.raises(ValueError, match="must be readable.*mine.npz"):
    read_npz(str(path))
  np.savez(path, x=IMAGES, y=LABELS)
  whole = path.read_bytes()
  objects = np.array([IMAGES, None], object)
  for write in (
    lambda: path.write_bytes(whole[: len(whole) // 2]),
    lambda: path.write_bytes(b""),
    lambda: path.write_bytes(b"hello"),
    lambda: np.save(path.open("wb"), IMAGES),
    lambda: np.savez(path, x=objects, y=LABELS),
  ):
    write()
    with pytest.raises(ValueError, match="must be readable.*mine.npz"):
      read_npz(str(path))
  with zipfile.ZipFile(path, "w"):
    pass
  with pytest.raises(ValueError, match="Received: none in .*mine.npz"):
    read_npz(str(path))
