# SPDX-License-Identifier: Apache-2.0
"""Tests of looking for prepared data sets in a folder."""

import os

import pytest

from lurl_tf.tasks.prepared import (
  default_data_dir,
  find_prepared,
  list_prepared,
)


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
