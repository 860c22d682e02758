# SPDX-License-Identifier: Apache-2.0
"""Tests of files on a disk and in TensorFlow's memory."""

import pytest
import tensorflow as tf

from lurl_tf import files


def test_bytes_come_back_and_are_replaced(new_folder):
  path = tf.io.gfile.join(new_folder, "a", "b")
  for content in (b"one", b"", b"other"):
    files.write_atomically(path, content)
    assert files.read_bytes(path) == content
  assert tf.io.gfile.listdir(tf.io.gfile.join(new_folder, "a")) == ["b"]


def test_what_is_missing_is_named(new_folder):
  path = tf.io.gfile.join(new_folder, "missing")
  with pytest.raises(FileNotFoundError, match="missing"):
    files.read_bytes(path)


def test_a_failed_write_leaves_the_old_file(tmp_path):
  path = tmp_path / "file"
  path.write_bytes(b"old")
  with pytest.raises(TypeError):
    files.write_atomically(path, "no bytes")
  assert path.read_bytes() == b"old"
  assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_a_files_place_cannot_be_written(tmp_path):
  file = tmp_path / "file"
  file.write_bytes(b"mine")
  for path in (file, file / "below", "/proc/none"):
    with pytest.raises(OSError, match=str(path)):
      files.check_folder_writable(path)
  assert file.read_bytes() == b"mine"


def test_a_writable_folder_is_made_and_left_empty(new_folder):
  path = tf.io.gfile.join(new_folder, "new")
  files.check_folder_writable(path)
  if files.is_local(new_folder):
    assert tf.io.gfile.isdir(path)
    assert tf.io.gfile.listdir(path) == []
