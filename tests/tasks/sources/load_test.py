# SPDX-License-Identifier: Apache-2.0
"""Tests of loading splits by name, from every source."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from sklearn.datasets import load_digits

from lurl_tf.tasks import holds_images, load_examples
from tests import small_tfds


@pytest.fixture(autouse=True, name="default_dir")
def fixture_default_dir(tmp_path_factory, monkeypatch):
  # One for all tests, as making a data set takes a while.
  folder = tmp_path_factory.getbasetemp() / "default_tfds"
  monkeypatch.setenv("TFDS_DATA_DIR", str(folder))


def test_digits():
  train = load_examples("lurl_digits", "train")
  assert train.inputs.shape == (1297, 64)
  assert train.inputs.dtype == np.uint8
  assert train.labels.dtype == np.int32
  assert train.class_names == tuple("0123456789")
  assert train.image_shape == (8, 8, 1)
  assert load_examples("lurl_digits", "test").inputs.shape == (500, 64)
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


def test_two_moons():
  train = load_examples("lurl_two_moons", "train")
  assert train.inputs.shape == (2000, 2)
  assert train.inputs.dtype == np.float32
  assert train.image_shape == (2,)
  assert train.class_names == ("upper", "lower")
  assert load_examples("lurl_two_moons", "test").inputs.shape == (1000, 2)
  # The upper half circle is the higher one on average.
  heights = [train.inputs[train.labels == label, 1].mean() for label in (0, 1)]
  assert heights[0] > heights[1] + 0.2
  with pytest.raises(ValueError, match="image_size.* holds vectors"):
    load_examples("lurl_two_moons", "train", image_size=8)


def test_files_of_ones_own(tmp_path, monkeypatch):
  for label in ("cat", "dog"):
    (tmp_path / "photos" / label).mkdir(parents=True)
    for number in range(5):
      image = Image.new("RGB", (6, 4), (number, 0, 0))
      image.save(tmp_path / "photos" / label / f"{number}.png")
  arrays = {"x": np.zeros((10, 4, 4), np.uint8), "y": np.arange(10) % 2}
  np.savez(tmp_path / "mine.npz", **arrays)
  lines = [{"text": "good", "label": number % 2} for number in range(10)]
  (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)))
  monkeypatch.setenv("HOME", str(tmp_path))
  for place in (str(tmp_path), "~"):
    photos = load_examples(
      f"folder:{place}/photos", "train", None, 2, channels=3
    )
    assert photos.image_shape == (2, 2, 3)
    strided = load_examples(
      f"npz:{place}/mine.npz", "train", image_size=2, resize="stride"
    )
    assert strided.image_shape == (2, 2, 1)
    texts = load_examples(f"jsonl:{place}/mine.jsonl", "train")
    assert texts.image_shape == (1,)
    for examples in (photos, strided, texts):
      assert len(examples.inputs) == len(examples.labels) == 8
  with pytest.raises(ValueError, match="image_size.* holds texts"):
    load_examples(f"jsonl:{tmp_path}/mine.jsonl", "train", image_size=8)


@pytest.mark.parametrize(
  "name", ["foldr:/photos", "/photos", "folder/photos/a"]
)
def test_a_name_of_no_form_lists_the_forms(name):
  with pytest.raises(ValueError, match="'folder:...', 'npz:...', 'jsonl:..."):
    load_examples(name, "train")


@pytest.mark.parametrize("image_size", [0, -8])
def test_image_size_must_be_positive_for_all(image_size):
  for name in ("lurl_digits", "folder:/missing", "npz:/missing", "jsonl:/no"):
    with pytest.raises(ValueError, match="must be positive"):
      load_examples(name, "test", image_size=image_size)


def test_unlabelled_examples_and_one_class_raise(tmp_path):
  images = {"image": np.zeros((2, 4, 4, 1), np.uint8)}
  for name, labels, classes, message in (
    ("unlabelled", [0, -1], ["cat", "dog"], "labels from -1 to 0"),
    ("lonely", [0, 0], ["cat"], "two or more classes.*cat in 'lonely'"),
  ):
    features = {
      "image": tfds.features.Image(shape=(4, 4, 1)),
      "label": tfds.features.ClassLabel(names=classes),
    }
    small_tfds.store(tmp_path, name, features, train=images | {"label": labels})
    with pytest.raises(ValueError, match=message):
      load_examples(name, "train", str(tmp_path))


def real_images(folder, name, count):
  (place,) = pathlib.Path(folder, name).iterdir()
  builder = tfds.builder_from_directory(str(place))
  return builder.as_dataset(split=f"test[:{count}]", batch_size=-1)


def test_mnist_halved_equals_means_of_four():
  folder = small_tfds.shared_dir("mnist")
  examples = load_examples("mnist", "test[:200]", folder, image_size=14)
  batch = real_images(folder, "mnist", 200)
  images = batch["image"].numpy().astype(int)
  sums = images.reshape(200, 14, 2, 14, 2).sum(axis=(2, 4))
  # Quarters; halves are rounded to even.
  expected = np.array(
    [[round(s / 4) for s in row] for row in sums.reshape(200, -1)]
  )
  np.testing.assert_array_equal(examples.inputs, expected)
  np.testing.assert_array_equal(examples.labels, batch["label"])
  assert examples.image_shape == (14, 14, 1)
  strided = load_examples("mnist", "test[:200]", folder, 14, resize="stride")
  np.testing.assert_array_equal(
    strided.inputs, images[:, ::2, ::2].reshape(200, 196)
  )


def test_mnist_whole():
  examples = load_examples("mnist", "test", small_tfds.shared_dir("mnist"))
  assert examples.inputs.shape == (10_000, 784)
  assert np.bincount(examples.labels).sum() == 10_000


@pytest.mark.parametrize("name", ["cifar10", "tiny_imagenet32"])
def test_colour_sets(name):
  folder = small_tfds.shared_dir(name)
  examples = load_examples(name, "test[:300]", folder, channels=3)
  batch = real_images(folder, name, 300)
  np.testing.assert_array_equal(
    examples.inputs, np.reshape(batch["image"], [300, -1])
  )
  np.testing.assert_array_equal(examples.labels, batch["label"])
  assert examples.image_shape == (32, 32, 3)


def test_reviews():
  folder = small_tfds.shared_dir("imdb_reviews")
  test = load_examples("imdb_reviews", "test[:500]", folder)
  assert test.inputs.shape == (500, 1000)
  assert test.class_names == ("neg", "pos")
  # The most frequent words come first, and hardly a review has no "the".
  share = (test.inputs > 0).mean(axis=0)
  assert share[0] > 0.98
  assert share[:100].mean() > 5 * share[-100:].mean() > 0


def test_which_sets_hold_images(tmp_path):
  np.savez(tmp_path / "images.npz", x=np.zeros((4, 2, 2)), y=[0, 1, 0, 1])
  np.savez(tmp_path / "vectors.npz", x=np.zeros((4, 3)), y=[0, 1, 0, 1])
  expected = {
    "lurl_digits": True,
    "lurl_two_moons": False,
    "folder:/anywhere": True,
    "jsonl:/anywhere": False,
    "synthetic:clusters": True,
    f"npz:{tmp_path / 'images.npz'}": True,
    f"npz:{tmp_path / 'vectors.npz'}": False,
  }
  assert {name: holds_images(name) for name in expected} == expected
  with pytest.raises(ValueError, match="Near names: lurl_digits"):
    holds_images("lurl_digit")
