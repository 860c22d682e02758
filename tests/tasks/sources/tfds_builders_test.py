# SPDX-License-Identifier: Apache-2.0
"""Tests of opening data sets, own ones and prepared ones."""

import os

import pytest
import tensorflow_datasets as tfds

from lurl_tf.tasks import LurlDigits
from lurl_tf.tasks.sources.tfds_builders import OWN_DATASETS, open_builder


@pytest.fixture(name="default_dir", autouse=True)
def fixture_default_dir(tmp_path, monkeypatch):
  folder = tmp_path / "default"
  monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
  return folder


def test_own_set_goes_to_the_default_folder_only(default_dir, tmp_path):
  given = tmp_path / "given"
  given.mkdir()
  builder = open_builder("lurl_digits", data_dir=str(given))
  assert builder.info.splits["test"].num_examples == 500
  assert list(given.iterdir()) == []
  assert (default_dir / "lurl_digits" / "1.0.0" / "features.json").exists()


def test_two_at_once_do_not_break_each_other(monkeypatch, default_dir):
  generate = LurlDigits._generate_examples
  other_done = []

  def generate_while_another_finishes(self, *args):
    if not other_done:
      other_done.append(True)
      # What another process does between our start and our end.
      LurlDigits(data_dir=str(default_dir)).download_and_prepare()
    return generate(self, *args)

  monkeypatch.setattr(
    LurlDigits, "_generate_examples", generate_while_another_finishes
  )
  builder = open_builder("lurl_digits")
  assert builder.info.splits["test"].num_examples == 500
  assert other_done
  assert os.listdir(default_dir / "lurl_digits") == ["1.0.0"]


def test_default_folder_must_be_writable(monkeypatch, tmp_path):
  (tmp_path / "file").touch()
  monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "file" / "tfds"))
  with pytest.raises(OSError, match="TFDS_DATA_DIR chooses another"):
    open_builder("lurl_digits")


@pytest.mark.parametrize(
  ("name", "message"),
  [
    ("lurl_glyphs/runes", r"config \(letters, digits"),
    ("lurl_digits:9.0.0", r"version \(1.0.0\)"),
    ("lurl_digits/small", "it has none"),
    ("lurl_glyphs/fonts_dir=/missing", "must be a folder with .ttf"),
  ],
)
def test_unknown_config_or_version_of_an_own_set(name, message):
  with pytest.raises(ValueError, match=message):
    open_builder(name)


def test_missing_set_is_answered_from_the_folder_alone(monkeypatch, tmp_path):
  def fail(*args, **kwargs):
    raise AssertionError("this may ask the network")

  for name in ("builder", "load", "builder_cls", "list_builders"):
    monkeypatch.setattr(tfds, name, fail)
  monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
  _fake_prepared(tmp_path, "fashion_mnist", "cifar10")
  with pytest.raises(ValueError) as caught:
    open_builder("mnist", data_dir=str(tmp_path))
  message = str(caught.value)
  assert "Near names: fashion_mnist" in message
  assert "holds cifar10, fashion_mnist" in message
  assert "Nothing is downloaded here" in message
  assert f"copy the prepared data set to '{tmp_path}/mnist'" in message
  for name in OWN_DATASETS:
    with pytest.raises(ValueError, match=f"Near names: .*{name}"):
      open_builder(f"{name[:-1]}z")


def _fake_prepared(data_dir, *names):
  for name in names:
    folder = data_dir / name / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "features.json").touch()
    (folder / "dataset_info.json").touch()
