# SPDX-License-Identifier: Apache-2.0
"""Tests of replacing a folder as a whole."""

import pathlib

import pytest

from lurl_tf.presets import folder

FILES = ("one.txt", "two.txt")


def write(path, text):
  with folder.replaced(path, FILES) as new_folder:
    for file in FILES:
      (new_folder / file).write_text(text)


def read(path):
  texts = {(folder.current(path) / file).read_text() for file in FILES}
  assert len(texts) == 1, "files of two different saves"
  return texts.pop()


def test_a_new_folder_gets_its_parents(tmp_path):
  write(tmp_path / "a" / "b", "new")
  assert read(tmp_path / "a" / "b") == "new"


def test_an_empty_folder_is_replaced(tmp_path):
  (tmp_path / "a").mkdir()
  write(tmp_path / "a", "new")
  assert read(tmp_path / "a") == "new"


def test_an_error_within_the_context_changes_nothing(tmp_path):
  write(tmp_path / "a", "old")
  with pytest.raises(ZeroDivisionError):
    with folder.replaced(tmp_path / "a", FILES) as new_folder:
      (new_folder / "one.txt").write_text("half")
      raise ZeroDivisionError
  assert read(tmp_path / "a") == "old"
  assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("allowed_renames", [0, 1, 2])
def test_a_whole_folder_can_be_read_wherever_replacing_stops(
  tmp_path, monkeypatch, allowed_renames
):
  write(tmp_path / "a", "old")
  rename, done = pathlib.Path.rename, []

  def stopping_rename(self, target):
    if len(done) == allowed_renames:
      raise KeyboardInterrupt
    done.append(target)
    return rename(self, target)

  with monkeypatch.context() as patched:
    patched.setattr(pathlib.Path, "rename", stopping_rename)
    try:
      write(tmp_path / "a", "new")
    except KeyboardInterrupt:
      assert allowed_renames < 2
  assert read(tmp_path / "a") == ("new" if allowed_renames == 2 else "old")
  # The next save finds its way from there.
  write(tmp_path / "a", "newest")
  assert read(tmp_path / "a") == "newest"
  assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_link_stays_a_link(tmp_path):
  write(tmp_path / "target", "old")
  (tmp_path / "link").symlink_to("target")
  write(tmp_path / "link", "new")
  assert (tmp_path / "link").is_symlink()
  assert read(tmp_path / "target") == "new"


@pytest.mark.parametrize(
  "refuse",
  [write, lambda p, _: folder.check_writable(p, FILES)],
  ids=["replaced", "check_writable"],
)
def test_other_content_is_never_replaced(tmp_path, refuse):
  (tmp_path / "a").mkdir()
  (tmp_path / "a" / "thesis.txt").write_text("precious")
  with pytest.raises(FileExistsError, match="nothing but one.txt, two.txt"):
    refuse(tmp_path / "a", "new")
  with pytest.raises(FileExistsError, match="Received: path=.*thesis.txt"):
    refuse(tmp_path / "a" / "thesis.txt", "new")
  assert (tmp_path / "a" / "thesis.txt").read_text() == "precious"


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
  (tmp_path / "file").write_text("in the way")
  place = tmp_path / "file" / "a"
  expected = r"can be written \(Not a directory\). Received: path=.*file/a"
  with pytest.raises(NotADirectoryError, match=expected):
    folder.check_writable(place, FILES)
  with pytest.raises(NotADirectoryError, match=expected):
    with folder.replaced(place, FILES):
      pytest.fail("the work was begun")


def test_check_writable_leaves_no_trace(tmp_path):
  write(tmp_path / "a", "old")
  folder.check_writable(tmp_path / "a", FILES)
  folder.check_writable(tmp_path / "b", FILES)
  assert [p.name for p in tmp_path.iterdir()] == ["a"]
  assert read(tmp_path / "a") == "old"
