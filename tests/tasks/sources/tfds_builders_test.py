# SPDX-License-Identifier: Apache-2.0
"""Tests of opening data sets, own ones and prepared ones."""

import os

import pytest
import tensorflow_datasets as tfds

from lurl_tf.tasks import LurlDigits
from lurl_tf.tasks.sources.tfds_builders import (
  OWN_DATASETS,
  default_data_dir,
  find_prepared,
  list_prepared,
  open_builder,
)


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
  with pytest.raises(OSError, match="TFDS_DATA_DIR sets another"):
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


@pytest.fixture(name="data_dir")
def fixture_data_dir(tmp_path):
  for folder in (
    "mnist/3.0.1",
    "mnist/10.0.0",
    "emnist/balanced/3.1.0",
    "emnist/letters/3.1.0",
    "imdb_reviews/plain_text/1.0.0",
    "cifar10/incomplete.ABC123_3.0.2",
    "downloads/extracted/1.0.0",
  ):
    path = tmp_path / folder
    path.mkdir(parents=True)
    if not folder.startswith("downloads"):
      (path / "features.json").touch()
      (path / "dataset_info.json").touch()
  return str(tmp_path)


def test_lists_finished_data_sets_only(data_dir):
  listed = [(item.name, item.version) for item in list_prepared(data_dir)]
  assert listed == [
    ("emnist/balanced", "3.1.0"),
    ("emnist/letters", "3.1.0"),
    ("imdb_reviews/plain_text", "1.0.0"),
    ("mnist", "10.0.0"),
    ("mnist", "3.0.1"),
  ]


def test_lists_nothing_in_a_missing_folder(tmp_path):
  assert list_prepared(str(tmp_path / "missing")) == []


@pytest.mark.parametrize(
  ("name", "folder"),
  [
    ("mnist", "mnist/10.0.0"),
    ("mnist:3.0.1", "mnist/3.0.1"),
    ("mnist:3.*.*", "mnist/3.0.1"),
    ("emnist/letters", "emnist/letters/3.1.0"),
    ("emnist/letters:3.1.0", "emnist/letters/3.1.0"),
    ("imdb_reviews", "imdb_reviews/plain_text/1.0.0"),
  ],
)
def test_finds_by_name(data_dir, name, folder):
  found = find_prepared(name, data_dir)
  assert found.path == os.path.join(data_dir, *folder.split("/"))


@pytest.mark.parametrize(
  "name", ["mnits", "mnist:1.0.0", "mnist:3", "mnist/letters", "cifar10"]
)
def test_missing_lists_what_the_folder_holds(data_dir, name):
  with pytest.raises(ValueError) as caught:
    find_prepared(name, data_dir)
  message = str(caught.value)
  assert f"name={name!r}" in message
  assert "emnist/balanced, emnist/letters, imdb_reviews/plain_text" in message
  assert os.path.join(data_dir, name.split("/")[0].split(":")[0]) in message


def test_missing_lists_near_names(data_dir):
  with pytest.raises(ValueError, match="Near names: mnist, emnist"):
    find_prepared("mnits", data_dir)
  with pytest.raises(ValueError, match="Near names: own_set"):
    find_prepared("ownset", data_dir, also_known=("own_set",))


def test_missing_folder_is_said(tmp_path):
  with pytest.raises(ValueError, match="does not exist"):
    find_prepared("mnist", str(tmp_path / "missing"))


def test_several_configs_must_be_chosen_from(data_dir):
  with pytest.raises(ValueError, match="emnist/balanced, emnist/letters"):
    find_prepared("emnist", data_dir)


@pytest.mark.parametrize("name", ["", "folder:/path", "../mnist", "*", "a/b/c"])
def test_what_is_not_a_name_raises(data_dir, name):
  with pytest.raises(ValueError, match="must look like"):
    find_prepared(name, data_dir)


def test_default_folder_follows_the_environment(monkeypatch):
  monkeypatch.setenv("TFDS_DATA_DIR", "~/somewhere")
  assert default_data_dir() == os.path.expanduser("~/somewhere")
