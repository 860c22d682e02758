# SPDX-License-Identifier: Apache-2.0
"""Tests of the grammar of names, and of opening a data set once."""

import numpy as np
import pytest

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources import data_set_name, npz_source
from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.data_set_name import DataSetName


@pytest.mark.parametrize(
  ("text", "kind", "path"),
  [
    ("mnist", "tfds", "mnist"),
    ("emnist/letters:3.1.0", "tfds", "emnist/letters:3.1.0"),
    ("lurl_glyphs/fonts_dir=/a:b", "tfds", "lurl_glyphs/fonts_dir=/a:b"),
    ("folder:/photos", "folder", "/photos"),
    ("npz:C:/mine.npz", "npz", "C:/mine.npz"),
    ("jsonl:", "jsonl", ""),
    ("synthetic:clusters", "synthetic", "clusters"),
    ("folder", "tfds", "folder"),
    ("", "tfds", ""),
  ],
)
def test_parse(text, kind, path):
  name = DataSetName.parse(text)
  assert name == DataSetName(kind, path)
  assert str(name) == text
  assert name.is_synthetic == (kind == "synthetic")


@pytest.mark.parametrize("text", ["", "../mnist", "foldr:/photos", "a/b/c"])
def test_a_text_of_no_form_raises_when_opened(text):
  name = DataSetName.parse(text)
  with pytest.raises(ValueError, match=r"'jsonl:\.\.\.', 'synthetic:\.\.\.'"):
    name.open()


def test_a_file_is_read_once(tmp_path, monkeypatch):
  np.savez(tmp_path / "a.npz", x=np.zeros((10, 4, 4)), y=np.arange(10) % 2)
  reads = []
  read = npz_source.read_npz

  def counted(path):
    reads.append(path)
    return read(path)

  monkeypatch.setattr(npz_source, "read_npz", counted)
  data_set = DataSetName.parse(f"npz:{tmp_path}/a.npz").open()
  assert not reads
  assert data_set.holds_images
  train, test = data_set.load("train"), data_set.load("test", ImageFormat(2))
  assert train.image_shape == (4, 4, 1) and test.image_shape == (2, 2, 1)
  assert len(reads) == 1


def test_a_kind_is_added_by_one_entry(monkeypatch):
  class Constant(DataSet):
    holds_images = False

    def __init__(self, path):
      super().__init__(f"constant:{path}")
      self.value = float(path)

    def read(self, split, image_format):
      inputs = np.full((2, 3), self.value, np.float32)
      return LabelledExamples(inputs, np.arange(2), ("a", "b"), (3,))

  monkeypatch.setitem(data_set_name.KINDS, "constant", Constant)
  data_set = DataSetName.parse("constant:7").open()
  inputs = data_set.load("train").inputs
  np.testing.assert_array_equal(inputs, np.full([2, 3], 7))
  with pytest.raises(ValueError, match="finite.*NaN"):
    DataSetName.parse("constant:nan").open().load("train")
