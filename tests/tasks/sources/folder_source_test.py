# SPDX-License-Identifier: Apache-2.0
"""Tests of images out of folders, in both layouts."""

import numpy as np
import pytest
from PIL import Image

from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.folder_source import FolderDataSet, list_images


def load_folder(path, split, image_format):
  return FolderDataSet(path).read(split, image_format)


GRAY = ImageFormat()


def save_image(path, shade, size=(4, 3)):
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.new("L", size, shade).save(path)


@pytest.fixture(name="classes")
def fixture_classes(tmp_path):
  """`class/file`, five cats and ten dogs, each of its own shade."""
  for number in range(5):
    save_image(tmp_path / "cat" / f"{number}.png", number)
  for number in range(10):
    suffix = ["PNG", "bmp"][number % 2]
    save_image(tmp_path / "dog" / f"{number}.{suffix}", 100 + number)
  (tmp_path / "dog" / "notes.txt").touch()
  (tmp_path / "dog" / ".hidden.png").touch()
  (tmp_path / ".cache").mkdir()
  (tmp_path / "readme.txt").touch()
  return tmp_path


@pytest.fixture(name="splits")
def fixture_splits(tmp_path):
  """`split/class/file`."""
  for split, shades in (("train", range(6)), ("test", range(50, 52))):
    for shade in shades:
      save_image(tmp_path / split / "cat" / f"{shade}.png", shade)
      save_image(tmp_path / split / "dog" / f"{shade}.png", 100 + shade)
  return tmp_path


def shades(examples):
  return sorted(examples.inputs[:, 0].tolist())


def test_a_fifth_of_every_class_is_held_out(classes):
  train, test = (
    load_folder(str(classes), split, GRAY) for split in ("train", "test")
  )
  assert train.class_names == test.class_names == ("cat", "dog")
  assert train.image_shape == test.image_shape == (3, 4, 1)
  assert train.inputs.dtype == test.inputs.dtype == np.uint8
  assert np.bincount(train.labels).tolist() == [4, 8]
  assert np.bincount(test.labels).tolist() == [1, 2]
  everything = [*range(5), *range(100, 110)]
  assert sorted(shades(train) + shades(test)) == everything
  for examples in (train, test):
    assert examples.labels.dtype == np.int32
    is_dog = examples.inputs[:, 0] >= 100
    np.testing.assert_array_equal(examples.labels, is_dog)


def test_the_split_does_not_depend_on_the_place(classes, tmp_path_factory):
  other = tmp_path_factory.mktemp("elsewhere") / "copy"
  classes.rename(other)
  moved = load_folder(str(other), "test", GRAY)
  other.rename(classes)
  test = load_folder(str(classes), "test", GRAY)
  np.testing.assert_array_equal(moved.inputs, test.inputs)


def test_folders_of_splits_are_kept(splits):
  train = load_folder(str(splits), "train", GRAY)
  assert shades(train) == [*range(6), *range(100, 106)]
  test = load_folder(str(splits), "test", GRAY)
  assert shades(test) == [50, 51, 150, 151]
  assert train.class_names == test.class_names == ("cat", "dog")
  np.testing.assert_array_equal(test.labels, test.inputs[:, 0] >= 100)


def test_a_slice_mixes_the_classes(splits):
  train = load_folder(str(splits), "train", GRAY)
  assert 0 < train.labels[:6].sum() < 6
  part = load_folder(str(splits), "train[:6]", GRAY)
  np.testing.assert_array_equal(part.inputs, train.inputs[:6])


def test_a_class_may_be_called_train(tmp_path):
  for name in ("train", "plane"):
    for number in range(2):
      save_image(tmp_path / name / f"{number}.png", 0)
  folder = list_images(str(tmp_path))
  assert folder.class_names == ("plane", "train")
  assert {len(files) for files in folder.splits.values()} == {2}


def test_colour_and_sizes(tmp_path):
  for name, colour in (("cat", (10, 20, 30)), ("dog", (40, 50, 60))):
    for size in ((5, 7), (8, 6)):
      path = tmp_path / name / f"{size}.png"
      path.parent.mkdir(exist_ok=True)
      Image.new("RGB", size, colour).save(path)
  save_image(tmp_path / "dog" / "gray.png", 70)
  examples = load_folder(
    str(tmp_path), "train+test", ImageFormat(image_size=2, channels=3)
  )
  assert examples.image_shape == (2, 2, 3)
  found = sorted(map(tuple, examples.inputs[:, :3].tolist()))
  assert found == [(10, 20, 30)] * 2 + [(40, 50, 60)] * 2 + [(70, 70, 70)]
  with pytest.raises(ValueError, match=r"`image_size` must.*\.png.*\.png"):
    load_folder(str(tmp_path), "train+test", GRAY)


def test_a_truncated_photo_is_named(classes):
  noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3))
  path = classes / "cat" / "photo.jpg"
  Image.fromarray(noise.astype(np.uint8)).save(path)
  path.write_bytes(path.read_bytes()[:2000])
  with pytest.raises(ValueError, match="readable file.*cat/photo.jpg"):
    load_folder(str(classes), "train+test", ImageFormat(4))


def test_a_missing_folder_is_named(tmp_path):
  with pytest.raises(ValueError, match="gone', which is not a folder"):
    load_folder(str(tmp_path / "gone"), "train", GRAY)
  with pytest.raises(ValueError, match="'', which is not a folder"):
    load_folder("", "train", GRAY)


def test_one_class_raises(tmp_path):
  with pytest.raises(ValueError, match="two or more classes. Received: none"):
    list_images(str(tmp_path))
  save_image(tmp_path / "cat" / "1.png", 0)
  message = f"two or more classes. Received: cat in the folder '{tmp_path}'"
  with pytest.raises(ValueError, match=message):
    list_images(str(tmp_path))


def test_one_class_in_folders_of_splits_raises(tmp_path):
  save_image(tmp_path / "train" / "cat" / "1.png", 0)
  with pytest.raises(ValueError, match="Received: cat in the folder .*train'"):
    list_images(str(tmp_path))


def test_an_empty_class_is_named(classes):
  (classes / "eel").mkdir()
  (classes / "eel" / "notes.txt").touch()
  with pytest.raises(ValueError, match="must hold images.*/eel' without any"):
    list_images(str(classes))


def test_a_class_of_one_image_is_named(classes):
  save_image(classes / "eel" / "1.png", 0)
  with pytest.raises(ValueError, match="class 'eel' with 1"):
    list_images(str(classes))


def test_splits_of_other_classes_are_named(splits):
  save_image(splits / "test" / "eel" / "1.png", 0)
  with pytest.raises(ValueError, match="same classes.*test.*train.* eel"):
    list_images(str(splits))


def test_an_unknown_split_lists_the_splits(splits):
  with pytest.raises(ValueError, match="one of test, train"):
    load_folder(str(splits), "valid", GRAY)
