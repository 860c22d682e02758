# SPDX-License-Identifier: Apache-2.0
"""Tests of loading images, texts and vectors that TFDS prepared."""

import pathlib
import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.bag_of_words import bags_of_words, fit_vocabulary
from lurl_tf.tasks.sources.tfds_source import (
  FeatureKeys,
  TfdsDataSet,
  find_feature_keys,
)
from tests import small_tfds

IMAGES = tfds.features.Image(shape=(4, 4, 3))
ANY_SIZE = tfds.features.Image(shape=(None, None, 1))
TEXTS = tfds.features.Text()
LABELS = tfds.features.ClassLabel(names=["cat", "dog"])

SENTENCES = ["a cat meows", "a dog barks", "a cat sleeps", "The dog!"]


def load(tmp_path, split="train", image_format=None):
  builder = tfds.builder_from_directory(str(tmp_path / "mine" / "1.0.0"))
  return TfdsDataSet(builder).read(split, image_format or ImageFormat())


def store_images(tmp_path, images, labels, feature=IMAGES):
  features = {"image": feature, "label": LABELS}
  train = {"image": images, "label": labels}
  small_tfds.store(tmp_path, "mine", features, train=train)


def store_texts(tmp_path, **changes):
  features = {"text": TEXTS, "label": LABELS}
  splits = {
    "train": {"text": SENTENCES, "label": [0, 1, 0, 1]},
    "test": {"text": ["A dog sleeps well"], "label": [1]},
  }
  small_tfds.store(tmp_path, "mine", features, **(splits | changes))


def test_colour_becomes_luminance(tmp_path):
  colours = np.zeros((3, 4, 4, 3), np.uint8)
  colours[0, ..., 0] = colours[1, ..., 1] = colours[2, ..., 2] = 255
  store_images(tmp_path, colours, [0, 1, 1])
  examples = load(tmp_path, image_format=ImageFormat(image_size=1))
  # 0.299, 0.587 and 0.114 of 255.
  np.testing.assert_array_equal(examples.inputs, [[76], [150], [29]])
  np.testing.assert_array_equal(examples.labels, [0, 1, 1])
  assert examples.inputs.dtype == np.uint8
  assert examples.labels.dtype == np.int32
  assert examples.class_names == ("cat", "dog")
  assert examples.image_shape == (1, 1, 1)


def test_colour_stays_colour(tmp_path):
  shape = (700, 4, 4, 3)  # more than a batch
  images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
  labels = np.arange(700) % 2
  store_images(tmp_path, images, labels)
  examples = load(tmp_path, image_format=ImageFormat(channels=3))
  np.testing.assert_array_equal(examples.inputs, images.reshape(700, 48))
  np.testing.assert_array_equal(examples.labels, labels)
  assert examples.image_shape == (4, 4, 3)


def test_images_of_many_sizes_need_an_image_size(tmp_path):
  images = [
    np.full((4, 4, 1), 10, np.uint8),
    np.array([[[0], [100]]], np.uint8),
  ]
  store_images(tmp_path, images, [0, 1], ANY_SIZE)
  examples = load(tmp_path, image_format=ImageFormat(image_size=2))
  expected = [[10, 10, 10, 10], [0, 100, 0, 100]]
  np.testing.assert_array_equal(examples.inputs, expected)
  with pytest.raises(ValueError, match="4 x 4 .* and 1 x 2 in mine/1.0.0"):
    load(tmp_path)


def test_texts_share_the_vocabulary_of_train(tmp_path):
  store_texts(tmp_path)
  vocabulary = fit_vocabulary(SENTENCES)
  train, test = (load(tmp_path, split) for split in ("train", "test"))
  expected = bags_of_words(SENTENCES, vocabulary)
  np.testing.assert_array_equal(train.inputs, expected)
  assert train.inputs.dtype == np.uint8
  np.testing.assert_array_equal(train.labels, [0, 1, 0, 1])
  # "well" is not in the training split.
  expected = bags_of_words(["a dog sleeps"], vocabulary)
  np.testing.assert_array_equal(test.inputs, expected)
  np.testing.assert_array_equal(test.labels, [1])
  # cat, dog, a, the, meows, barks, sleeps
  assert train.image_shape == test.image_shape == (7,)
  part = load(tmp_path, "train[1:3]")
  np.testing.assert_array_equal(part.inputs, train.inputs[1:3])


def test_texts_without_words_or_train_raise(tmp_path):
  store_texts(tmp_path / "blank", train={"text": ["", "?"], "label": [0, 1]})
  with pytest.raises(
    ValueError, match="must hold words.* 2 texts .* in mine/1.0.0"
  ):
    load(tmp_path / "blank", "test")
  features = {"text": TEXTS, "label": LABELS}
  test = {"text": ["a"], "label": [0]}
  small_tfds.store(tmp_path, "mine", features, test=test)
  with pytest.raises(ValueError, match="one of test.*split='train' of mine"):
    load(tmp_path, "test")


def test_texts_have_no_size(tmp_path):
  store_texts(tmp_path)
  with pytest.raises(ValueError, match="image_size.*mine/1.0.0' holds texts"):
    load(tmp_path, image_format=ImageFormat(image_size=8))


def test_vectors_are_as_stored(tmp_path):
  feature = tfds.features.Tensor(shape=(3,), dtype=np.float64)
  vectors = np.array([[0.25, -4.0, 1e3], [0.0, 0.5, 1.0]])
  small_tfds.store(
    tmp_path,
    "mine",
    {"vector": feature, "label": LABELS},
    train={"vector": vectors, "label": [0, 1]},
  )
  examples = load(tmp_path)
  assert examples.inputs.dtype == np.float32
  np.testing.assert_array_equal(examples.inputs, vectors)
  assert examples.image_shape == (3,)
  with pytest.raises(ValueError, match="channels.*mine/1.0.0' holds vectors"):
    load(tmp_path, image_format=ImageFormat(channels=3))


@pytest.mark.parametrize("split", ["valid", "train[:x]", ""])
def test_unknown_split_lists_the_splits(tmp_path, split):
  store_texts(tmp_path)
  with pytest.raises(ValueError, match="one of test, train.* of mine/1.0.0"):
    load(tmp_path, split)
  with pytest.raises(ValueError, match="must hold examples"):
    load(tmp_path, "train[:0]")


def test_damaged_files_are_named(tmp_path):
  store_images(tmp_path, np.zeros((3, 4, 4, 3), np.uint8), [0, 1, 1])
  (file,) = pathlib.Path(tmp_path, "mine").glob("*/*.tfrecord*")
  whole = file.read_bytes()
  message = "mine/1.0.0 must be readable.*split='train'"
  for damaged in (
    whole[:-20],  # the end of a record
    whole[: len(whole) // 3],  # a whole record, and no more
    b"",
    whole.replace(b"IHDR", b"iHdR"),
  ):
    file.write_bytes(damaged)
    with pytest.raises(ValueError, match=message):
      load(tmp_path)
  file.unlink()
  with pytest.raises(ValueError, match=message):
    load(tmp_path)


IMAGE = tfds.features.Image(shape=(4, 4, 3))
TEXT = tfds.features.Text()
VECTOR = tfds.features.Tensor(shape=(2,), dtype=np.float32)
BOX = tfds.features.BBoxFeature()
LABEL = tfds.features.ClassLabel(num_classes=2)
NUMBER = tfds.features.Scalar(np.int64)


def builder_with(features, supervised_keys=None):
  info = types.SimpleNamespace(
    features=tfds.features.FeaturesDict(features),
    supervised_keys=supervised_keys,
    full_name="my_set/1.0.0",
  )
  return types.SimpleNamespace(info=info)


@pytest.mark.parametrize(
  ("features", "supervised_keys", "expected"),
  [
    ({"image": IMAGE, "label": LABEL}, None, ("image", "image", "label")),
    ({"text": TEXT, "label": LABEL}, None, ("text", "text", "label")),
    (
      {"photo": IMAGE, "name": NUMBER, "kind": LABEL},
      None,
      ("image", "photo", "kind"),
    ),
    ({"sentence": TEXT, "label": LABEL}, None, ("text", "sentence", "label")),
    ({"point": VECTOR, "label": LABEL}, None, ("vector", "point", "label")),
    (
      {"title": TEXT, "body": TEXT, "label": LABEL},
      ("body", "label"),
      ("text", "body", "label"),
    ),
    (
      {"image": IMAGE, "label": LABEL, "coarse_label": LABEL},
      ("image", "coarse_label"),
      ("image", "image", "coarse_label"),
    ),
    (  # what is to be predicted there is no class
      {"image": IMAGE, "label": LABEL, "age": NUMBER},
      ("image", "age"),
      ("image", "image", "label"),
    ),
    (
      {"image": IMAGE, "box": BOX, "text": TEXT, "label": LABEL},
      ("image", "box", "label"),
      ("image", "image", "label"),
    ),
    (
      {"photo": IMAGE, "box": BOX, "label": LABEL},
      ({"photo": "photo"}, "label"),
      ("image", "photo", "label"),
    ),
  ],
)
def test_features_are_found(features, supervised_keys, expected):
  builder = builder_with(features, supervised_keys)
  assert find_feature_keys(builder) == FeatureKeys(*expected)


@pytest.mark.parametrize(
  "features",
  [
    {"image": IMAGE, "label": NUMBER},
    {"text": TEXT},
    {"label": LABEL},
    {"title": TEXT, "body": TEXT, "label": LABEL},
    {"image": IMAGE, "fine": LABEL, "coarse": LABEL},
    {"image": tfds.features.Image(shape=(4, 4, 4)), "label": LABEL},
    {
      "image": tfds.features.Image(shape=(4, 4, 1), dtype=np.uint16),
      "label": LABEL,
    },
    {"point": tfds.features.Tensor(shape=(None,), dtype=np.float32)}
    | {"label": LABEL},
    {"point": tfds.features.Tensor(shape=(2,), dtype=np.int64)}
    | {"label": LABEL},
    {"box": BOX, "label": LABEL},
    {
      "texts": tfds.features.Sequence(TEXT),
      "label": LABEL,
    },
  ],
)
def test_nothing_or_too_much_to_learn_from_raises(features):
  with pytest.raises(ValueError) as caught:
    find_feature_keys(builder_with(features))
  message = str(caught.value)
  assert "must have a feature 'image'" in message
  assert "my_set/1.0.0" in message
  assert all(key in message for key in features)
