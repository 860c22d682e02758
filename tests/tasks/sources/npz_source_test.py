# SPDX-License-Identifier: Apache-2.0
"""Tests of examples out of arrays."""

import numpy as np
import pytest

from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.npz_source import NpzDataSet


def load_npz(path, split, image_format):
  return NpzDataSet(path).read(split, image_format)


LABELS = np.arange(30) % 3
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 8, 6, 3))
PIXELS = PIXELS.astype(np.uint8)


def save(tmp_path, **arrays):
  np.savez(tmp_path / "mine.npz", **arrays)
  return str(tmp_path / "mine.npz")


def rows_of(inputs, rows):
  """Row numbers of inputs among the rows they came from."""
  numbers = {row.tobytes(): number for number, row in enumerate(rows)}
  assert len(numbers) == len(rows)
  return [numbers[each.tobytes()] for each in inputs]


def test_train_and_test_share_nothing_and_miss_nothing(tmp_path):
  path = save(tmp_path, x=PIXELS, y=LABELS)
  parts = [
    load_npz(path, split, ImageFormat(channels=3))
    for split in ("train", "test")
  ]
  assert [len(part.inputs) for part in parts] == [24, 6]
  found = []
  for part in parts:
    assert part.inputs.dtype == np.uint8
    assert part.labels.dtype == np.int32
    assert part.class_names == ("0", "1", "2")
    assert part.image_shape == (8, 6, 3)
    rows = rows_of(part.inputs, PIXELS.reshape(30, -1))
    np.testing.assert_array_equal(part.labels, LABELS[rows])
    found += rows
  assert sorted(found) == list(range(30))
  assert np.bincount(parts[1].labels).tolist() == [2, 2, 2]


def test_given_splits_are_kept(tmp_path):
  path = save(
    tmp_path,
    x_train=PIXELS[:20, ..., 0],
    y_train=LABELS[:20, None],  # as Keras stores CIFAR
    x_test=PIXELS[20:, ..., 0],
    y_test=LABELS[20:, None],
    class_names=["cat", "dog", "eel"],
  )
  train = load_npz(path, "train", ImageFormat())
  np.testing.assert_array_equal(
    train.inputs, PIXELS[:20, ..., 0].reshape(20, -1)
  )
  np.testing.assert_array_equal(train.labels, LABELS[:20])
  assert train.class_names == ("cat", "dog", "eel")
  part = load_npz(path, "test[2:4]", ImageFormat())
  np.testing.assert_array_equal(
    part.inputs, PIXELS[22:24, ..., 0].reshape(2, -1)
  )
  np.testing.assert_array_equal(part.labels, LABELS[22:24])
  both = load_npz(path, "test+train", ImageFormat())
  np.testing.assert_array_equal(both.labels, np.roll(LABELS, 10))


@pytest.mark.parametrize(
  "images",
  [PIXELS, PIXELS.astype(np.int64), PIXELS / 255, (PIXELS / 255).astype("f4")],
  ids=["uint8", "int64", "float64", "float32"],
)
def test_images_of_every_type_become_the_same(tmp_path, images):
  image_format = ImageFormat(image_size=4)
  path = save(tmp_path, x=images, y=LABELS)
  found = load_npz(path, "train+test", image_format)
  path = save(tmp_path, x=PIXELS, y=LABELS)
  expected = load_npz(path, "train+test", image_format)
  assert found.inputs.dtype == np.uint8
  assert found.image_shape == (4, 4, 1)
  np.testing.assert_array_equal(found.inputs, expected.inputs)


def test_more_images_than_a_batch(tmp_path):
  images = np.arange(1200, dtype=np.int64).reshape(600, 2, 1) % 251
  splits = {"x_train": images, "y_train": np.arange(600) % 2}
  splits |= {"x_test": images[:2], "y_test": [0, 1]}
  found = load_npz(save(tmp_path, **splits), "train", ImageFormat())
  np.testing.assert_array_equal(found.inputs, images.reshape(600, 2))


def test_vectors(tmp_path):
  floats = np.random.default_rng(1).normal(size=(30, 5))
  found = load_npz(
    save(tmp_path, x=floats, y=LABELS), "train+test", ImageFormat()
  )
  assert found.image_shape == (5,)
  assert found.inputs.dtype == np.float32
  assert sorted(rows_of(found.inputs, floats.astype(np.float32))) == list(
    range(30)
  )
  bits = floats > 0
  found = load_npz(
    save(tmp_path, x=bits, y=LABELS), "train+test", ImageFormat()
  )
  assert found.inputs.dtype == np.uint8
  np.testing.assert_array_equal(found.inputs.sum(0), 255 * bits.sum(0))
  integers = PIXELS.reshape(30, -1).astype(np.int32)
  found = load_npz(
    save(tmp_path, x=integers, y=LABELS), "train+test", ImageFormat()
  )
  rows = rows_of(found.inputs, PIXELS.reshape(30, -1))
  np.testing.assert_array_equal(found.labels, LABELS[rows])


def test_vectors_have_no_size(tmp_path):
  path = save(tmp_path, x=np.zeros((30, 4)), y=LABELS)
  with pytest.raises(ValueError, match="`image_size` is for images"):
    load_npz(path, "train", ImageFormat(image_size=2))


def test_unknown_split_and_lonely_class_raise(tmp_path):
  path = save(tmp_path, x=PIXELS, y=LABELS)
  with pytest.raises(ValueError, match="one of test, train, .*mine.npz"):
    load_npz(path, "valid", ImageFormat())
  path = save(tmp_path, x=PIXELS[:4], y=[0, 0, 0, 1])
  with pytest.raises(ValueError, match="class '1' with 1"):
    load_npz(path, "train", ImageFormat())
