# SPDX-License-Identifier: Apache-2.0
"""Tests of loading splits, own ones and those prepared in a folder."""

import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from sklearn.datasets import load_digits

from lurl_tf.tasks import LurlDigits, load_examples

IMAGES = tfds.features.Image(shape=(4, 4, 3))
ANY_SIZE = tfds.features.Image(shape=(None, None, 1))
LABELS = tfds.features.ClassLabel(names=["cat", "dog"])


@pytest.fixture(name="default_dir", autouse=True)
def fixture_default_dir(tmp_path, monkeypatch):
  folder = tmp_path / "default"
  monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
  return folder


@pytest.fixture(name="shared_dir")
def fixture_shared_dir():
  beside = pathlib.Path(__file__).parents[3] / "shared" / "tfds"
  folder = pathlib.Path(os.environ.get("LURL_DATA_DIR", beside))
  if not (folder / "mnist").is_dir():
    pytest.skip("needs mnist: set LURL_DATA_DIR to a folder that TFDS prepared")
  return str(folder)


def _store(data_dir, name, features, **columns):
  """Prepares a small data set, as a user would."""
  count = len(columns["label"])
  rows = [
    {key: column[row] for key, column in columns.items()}
    for row in range(count)
  ]
  signature = {
    key: spec
    for key, spec in tfds.features.FeaturesDict(features)
    .get_tensor_spec()
    .items()
  }
  dataset = tf.data.Dataset.from_generator(
    lambda: iter(rows), output_signature=signature
  )
  tfds.dataset_builders.store_as_tfds_dataset(
    name=name,
    version="1.0.0",
    features=tfds.features.FeaturesDict(features),
    split_datasets={"train": dataset},
    data_dir=str(data_dir),
    disable_shuffling=True,
  )


def test_own_set_goes_to_the_default_folder_only(default_dir, tmp_path):
  given = tmp_path / "given"
  given.mkdir()
  examples = load_examples("lurl_digits", "test", data_dir=str(given))
  assert examples.inputs.shape == (500, 64)
  assert examples.inputs.dtype == np.uint8
  assert examples.labels.dtype == np.int32
  assert examples.class_names == tuple("0123456789")
  assert examples.image_shape == (8, 8, 1)
  assert list(given.iterdir()) == []
  assert (default_dir / "lurl_digits" / "1.0.0" / "features.json").exists()


def test_splits_and_slices():
  train = load_examples("lurl_digits", "train")
  assert len(train.inputs) == len(train.labels) == 1297
  part = load_examples("lurl_digits", "train[100:103]")
  np.testing.assert_array_equal(part.inputs, train.inputs[100:103])
  np.testing.assert_array_equal(part.labels, train.labels[100:103])
  # Pictures and labels still belong together.
  digits = load_digits()
  labels_by_image = {
    np.rint(row * (255 / 16)).astype(np.uint8).tobytes(): label
    for row, label in zip(digits.data, digits.target)
  }
  expected = [labels_by_image[row.tobytes()] for row in train.inputs]
  np.testing.assert_array_equal(train.labels, expected)


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
  assert len(load_examples("lurl_digits", "test").inputs) == 500
  assert other_done
  assert os.listdir(default_dir / "lurl_digits") == ["1.0.0"]


def test_default_folder_must_be_writable(monkeypatch, tmp_path):
  (tmp_path / "file").touch()
  monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "file" / "tfds"))
  with pytest.raises(OSError, match="TFDS_DATA_DIR chooses another"):
    load_examples("lurl_digits", "test")


@pytest.mark.parametrize(
  ("name", "message"),
  [
    ("lurl_glyphs/runes", r"config \(letters, digits\)"),
    ("lurl_digits:9.0.0", r"version \(1.0.0\)"),
    ("lurl_digits/small", "it has none"),
    ("lurl_glyphs/fonts_dir=/missing", "must be a folder with .ttf"),
  ],
)
def test_unknown_config_or_version_of_an_own_set(name, message):
  with pytest.raises(ValueError, match=message):
    load_examples(name, "test")


def test_missing_set_is_answered_from_the_folder_alone(monkeypatch, tmp_path):
  def fail(*args, **kwargs):
    raise AssertionError("this may ask the network")

  for name in ("builder", "load", "builder_cls", "list_builders"):
    monkeypatch.setattr(tfds, name, fail)
  monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
  _fake_prepared(tmp_path, "fashion_mnist", "cifar10")
  with pytest.raises(ValueError) as caught:
    load_examples("mnist", "test", data_dir=str(tmp_path))
  message = str(caught.value)
  assert "Near names: fashion_mnist" in message
  assert "holds cifar10, fashion_mnist" in message
  with pytest.raises(ValueError, match="Near names: lurl_digits"):
    load_examples("lurl_digit", "test")


def _fake_prepared(data_dir, *names):
  for name in names:
    folder = data_dir / name / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "features.json").touch()
    (folder / "dataset_info.json").touch()


@pytest.mark.parametrize("split", ["valid", "train[:x]", ""])
def test_unknown_split_lists_the_splits(split):
  with pytest.raises(ValueError, match="one of test, train"):
    load_examples("lurl_digits", split)


def test_empty_split_raises():
  with pytest.raises(ValueError, match="must hold examples"):
    load_examples("lurl_digits", "train[:0]")


@pytest.mark.parametrize("image_size", [0, -8])
def test_image_size_must_be_positive(image_size):
  with pytest.raises(ValueError, match="must be positive"):
    load_examples("lurl_digits", "test", image_size=image_size)


def test_colour_becomes_luminance(tmp_path):
  colours = np.zeros((3, 4, 4, 3), np.uint8)
  colours[0, ..., 0] = colours[1, ..., 1] = colours[2, ..., 2] = 255
  features = {"image": IMAGES, "label": LABELS}
  _store(tmp_path, "colours", features, image=colours, label=[0, 1, 1])
  examples = load_examples("colours", "train", str(tmp_path), image_size=1)
  # 0.299, 0.587 and 0.114 of 255.
  np.testing.assert_array_equal(examples.inputs, [[76], [150], [29]])
  np.testing.assert_array_equal(examples.labels, [0, 1, 1])
  assert examples.class_names == ("cat", "dog")
  assert examples.image_shape == (1, 1, 1)


def test_images_of_many_sizes_need_an_image_size(tmp_path):
  images = [
    np.full((4, 4, 1), 10, np.uint8),
    np.array([[[0], [100]]], np.uint8),
  ]
  features = {"image": ANY_SIZE, "label": LABELS}
  _store(tmp_path, "sizes", features, image=images, label=[0, 1])
  examples = load_examples("sizes", "train", str(tmp_path), image_size=2)
  expected = [[10, 10, 10, 10], [0, 100, 0, 100]]
  np.testing.assert_array_equal(examples.inputs, expected)
  with pytest.raises(ValueError, match="`image_size` must be given"):
    load_examples("sizes", "train", str(tmp_path))


@pytest.mark.parametrize(
  "features",
  [
    {"text": tfds.features.Text(), "label": LABELS},
    {"image": IMAGES, "label": tfds.features.Scalar(np.int64)},
  ],
  ids=["no_image", "no_class"],
)
def test_a_set_without_images_or_classes_raises(tmp_path, features):
  columns = {"label": [0, 1]}
  if "text" in features:
    columns["text"] = ["one", "two"]
  else:
    columns["image"] = np.zeros((2, 4, 4, 3), np.uint8)
  _store(tmp_path, "other", features, **columns)
  with pytest.raises(ValueError, match="must have a feature 'image'"):
    load_examples("other", "train", str(tmp_path))


def test_unlabelled_examples_raise(tmp_path):
  features = {"image": IMAGES, "label": LABELS}
  images = np.zeros((2, 4, 4, 3), np.uint8)
  _store(tmp_path, "unlabelled", features, image=images, label=[0, -1])
  with pytest.raises(ValueError, match="labels from -1 to 0"):
    load_examples("unlabelled", "train", str(tmp_path))


def test_mnist_halved_equals_means_of_four(shared_dir):
  examples = load_examples("mnist", "test[:200]", shared_dir, image_size=14)
  builder = tfds.builder_from_directory(
    str(next(pathlib.Path(shared_dir, "mnist").iterdir()))
  )
  batch = builder.as_dataset(split="test[:200]", batch_size=-1)
  images = batch["image"].numpy().astype(int)
  sums = images.reshape(200, 14, 2, 14, 2).sum(axis=(2, 4))
  # Quarters; halves are rounded to even.
  expected = np.array(
    [[round(s / 4) for s in row] for row in sums.reshape(200, -1)]
  )
  np.testing.assert_array_equal(examples.inputs, expected)
  np.testing.assert_array_equal(examples.labels, batch["label"])
  assert examples.image_shape == (14, 14, 1)


def test_mnist_whole(shared_dir):
  examples = load_examples("mnist", "test", shared_dir)
  assert examples.inputs.shape == (10_000, 784)
  assert np.bincount(examples.labels).sum() == 10_000
