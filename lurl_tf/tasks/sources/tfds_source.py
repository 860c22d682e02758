# SPDX-License-Identifier: Apache-2.0
"""Loads a split of a TFDS data set into memory."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_buffer import ImageBuffer
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.bag_of_words import bags_of_words, fit_vocabulary
from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.split_slices import split_slices

_BATCH_SIZE = 512
Kind = Literal["image", "text", "vector"]


class FeatureKeys(NamedTuple):
  """Features of a data set that are inputs and labels.

  Attributes:
    kind: Kind of the inputs.
    input: Key of the feature of the inputs.
    label: Key of the feature of the labels.
  """

  kind: Kind
  input: str
  label: str


class TfdsDataSet(DataSet):
  """A prepared data set of TFDS: images, texts or vectors.

  Args:
    builder: Builder of the prepared data set.

  Raises:
    ValueError: If it has no features to learn from and to classify by.
  """

  def __init__(self, builder: tfds.core.DatasetBuilder):
    super().__init__(builder.info.full_name.rpartition("/")[0])
    self._builder = builder
    self._keys = find_feature_keys(builder)

  @property
  def holds_images(self) -> bool:
    """Whether the inputs are images; False for texts and vectors."""
    """Whether the inputs are images, which can be resized."""
    return self._keys.kind == "image"

  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Reads one split, in the order of the files; see `DataSet.read`.

    Args:
      split: Split or slice, in the notation of TFDS.
      image_format: Size and channels of the images returned.

    Returns:
      The examples. Images are uint8; texts are bags of the most frequent words
      of the whole `"train"` split, uint8 0 or 255; vectors are float32, as
      stored.

    Raises:
      ValueError: If there is no such split, or the files cannot be read.
    """
    builder, keys = self._builder, self._keys
    full_name = builder.info.full_name
    split_slices(split, builder.info.splits, full_name)  # Raises its errors.
    if keys.kind == "image":
      inputs, labels, shape = _read_images(builder, split, keys, image_format)
    else:
      image_format.check_unused(full_name, f"{keys.kind}s")
      if keys.kind == "text":
        inputs, labels = _read_bags_of_words(builder, split, keys)
      else:
        inputs, labels = _read(builder, split, keys)
        inputs = np.stack(inputs).astype(np.float32)
      shape = inputs.shape[1:]
    class_names = tuple(builder.info.features[keys.label].names)
    return LabelledExamples(inputs, labels, class_names, shape)


def _read_images(
  builder: tfds.core.DatasetBuilder,
  split: str,
  keys: FeatureKeys,
  image_format: ImageFormat,
) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
  same_size = None not in builder.info.features[keys.input].shape
  buffer = ImageBuffer(builder.info.splits[split].num_examples, image_format)
  labels = []
  for images, batch_labels in _batches(
    builder, split, keys, _BATCH_SIZE if same_size else 1
  ):
    buffer.add(images, builder.info.full_name)
    labels.append(batch_labels.astype(np.int32))
  inputs, shape = buffer.result()
  return inputs, np.concatenate(labels), shape


def _read_bags_of_words(
  builder: tfds.core.DatasetBuilder, split: str, keys: FeatureKeys
) -> tuple[np.ndarray, np.ndarray]:
  full_name = builder.info.full_name
  split_slices("train", builder.info.splits, full_name)  # Raises its errors.
  train_texts, train_labels = _read(builder, "train", keys)
  vocabulary = fit_vocabulary(train_texts, origin=full_name)
  if split == "train":
    return bags_of_words(train_texts, vocabulary), train_labels
  texts, labels = _read(builder, split, keys)
  return bags_of_words(texts, vocabulary), labels


def _read(
  builder: tfds.core.DatasetBuilder, split: str, keys: FeatureKeys
) -> tuple[list, np.ndarray]:
  """Reads all inputs of a split, and int32 labels."""
  inputs, labels = [], []
  for batch_inputs, batch_labels in _batches(builder, split, keys, _BATCH_SIZE):
    inputs.extend(batch_inputs)
    labels.append(batch_labels.astype(np.int32))
  return inputs, np.concatenate(labels)


def _batches(
  builder: tfds.core.DatasetBuilder,
  split: str,
  keys: FeatureKeys,
  batch_size: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
  """Yields inputs and labels."""
  try:
    dataset = builder.as_dataset(
      split=split,
      shuffle_files=False,
      # The caller keeps the examples in memory; no second copy is needed.
      read_config=tfds.ReadConfig(try_autocache=False),
    ).map(lambda example: (example[keys.input], example[keys.label]))
    yield from tfds.as_numpy(dataset.batch(batch_size))
  except tf.errors.OpError as error:
    raise ValueError(
      f"{builder.info.full_name} must be readable; it may be an incomplete "
      f"copy or hold a damaged image. Received: folder {builder.data_dir!r}, "
      f"split={split!r}, error={error.message}"
    ) from error


def find_feature_keys(builder: tfds.core.DatasetBuilder) -> FeatureKeys:
  """Finds the features that are input and label.

  These are the supervised keys of TFDS if they fit; else `image` or `text`, and
  `label`; else the only possible input and the only possible label.

  Args:
    builder: Builder of the data set.

  Returns:
    `FeatureKeys`.

  Raises:
    ValueError: If no feature, or more than one, fits as input or as label.
  """
  features = builder.info.features
  if isinstance(features, tfds.features.FeaturesDict):
    kinds = {key: _kind(feature) for key, feature in features.items()}
    inputs = [key for key, kind in kinds.items() if kind]
    labels = [
      key
      for key, feature in features.items()
      if isinstance(feature, tfds.features.ClassLabel)
    ]
    pairs = [
      builder.info.supervised_keys or (),
      ("image", "label"),
      ("text", "label"),
    ]
    if len(inputs) == len(labels) == 1:
      pairs.append((inputs[0], labels[0]))
    for pair in pairs:
      if len(pair) == 2 and pair[0] in inputs and pair[1] in labels:
        return FeatureKeys(kinds[pair[0]], *pair)
  raise ValueError(
    "The data set must have a feature 'image' (uint8, gray or colour), 'text', "
    "or one vector of floats, and a feature 'label' (a class). Received: "
    f"{builder.info.full_name} with features={features}"
  )


def _kind(feature: tfds.features.FeatureConnector) -> Kind | None:
  if isinstance(feature, tfds.features.Image):
    is_usual = feature.np_dtype == np.uint8 and feature.shape[-1] in (1, 3)
    return "image" if is_usual else None
  if isinstance(feature, tfds.features.Text):
    return "text" if feature.shape == () else None
  # Subclasses have another meaning, such as a bounding box.
  if type(feature) is tfds.features.Tensor and len(feature.shape) == 1:
    is_usual = np.issubdtype(feature.np_dtype, np.floating) and feature.shape[0]
    return "vector" if is_usual else None
  return None
