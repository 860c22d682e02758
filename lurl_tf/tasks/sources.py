# SPDX-License-Identifier: Apache-2.0
"""Loads a data set's split into memory, as small gray images."""

import os

import numpy as np
import tensorflow_datasets as tfds

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.area_resize import area_resize
from lurl_tf.tasks.examples import validate_examples
from lurl_tf.tasks.prepared import default_data_dir, find_prepared

OWN_DATASETS = ("lurl_digits", "lurl_glyphs")

_LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green, blue: ITU BT.601
_BATCH_SIZE = 512


def load_examples(
  name: str,
  split: str,
  data_dir: str | None = None,
  image_size: int | None = None,
) -> LabelledExamples:
  """Loads one split of an image classification set of TFDS.

  The sets of this package (`lurl_digits`, `lurl_glyphs`) are made on first use
  in the default folder of TFDS (`TFDS_DATA_DIR`), never in `data_dir`. Any
  other set is read from where it is prepared; nothing is ever downloaded.

  Args:
    name: as TFDS writes it: `dataset[/config][:version]`. A folder of fonts is
      given as `lurl_glyphs/fonts_dir=path`.
    split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`.
    data_dir: where to look for sets that are not this package's own; by default
      the default folder of TFDS.
    image_size: side to which images are resized by area averages, in pixels;
      by default they keep their size, which must then be the same for all.

  Returns:
    The examples in the order of the files, colour turned into luminance:
    `inputs` uint8 `[b, height * width]`, `labels` int32 `[b]`.

  Raises:
    ValueError: if the set, the split, or images and labels in it are missing,
      or `image_size` is not positive or is needed.
    OSError: if an own set cannot be written to the default folder.

  Example:

  ```python
  digits = load_examples("lurl_digits", "train")
  mnist = load_examples("mnist", "test", data_dir="data", image_size=14)
  ```
  """
  if image_size is not None and image_size < 1:
    raise ValueError(
      f"`image_size` must be positive. Received: image_size={image_size}"
    )
  dataset = name.partition("/")[0].partition(":")[0]
  if dataset in OWN_DATASETS:
    builder = _own_builder(name, dataset)
  else:
    folder = os.path.expanduser(data_dir) if data_dir else default_data_dir()
    prepared = find_prepared(name, folder, also_known=OWN_DATASETS)
    builder = tfds.builder_from_directory(prepared.path)
  _check_split(builder, split)
  image_key, label_key = _image_and_label_keys(builder)
  inputs, labels, shape = _read(
    builder, split, image_key, label_key, image_size
  )
  class_names = tuple(builder.info.features[label_key].names)
  examples = LabelledExamples(inputs, labels, class_names, (*shape, 1))
  validate_examples(examples)
  return examples


def _own_builder(name: str, dataset: str) -> tfds.core.DatasetBuilder:
  """Returns the builder of an own set, prepared."""
  folder = default_data_dir()
  try:
    builder = tfds.builder(name, data_dir=folder)
  except (AssertionError, TypeError, ValueError) as error:
    cls = tfds.builder_cls(dataset)
    raise ValueError(
      f"`name` must be {dataset!r} with an existing config "
      f"({', '.join(cls.builder_configs) or 'it has none'}) and version "
      f"({cls.VERSION}). Received: name={name!r}, error={error}"
    ) from error
  try:
    builder.download_and_prepare()
  except OSError as error:
    # Two processes may make the same set: each writes to a folder of its own
    # and renames it at the end, which the second cannot.
    if not os.path.isdir(builder.data_dir):
      raise OSError(
        f"{name!r} is made in the default folder of TFDS, which must be "
        "writable; the environment variable TFDS_DATA_DIR chooses another. "
        f"Received: TFDS_DATA_DIR={folder!r}, error={error}"
      ) from error
  # Again, because a builder reads what is prepared when it is constructed.
  return tfds.builder(name, data_dir=folder)


def _check_split(builder: tfds.core.DatasetBuilder, split: str) -> None:
  splits = builder.info.splits
  try:
    num_examples = splits[split].num_examples
  except (KeyError, ValueError, AssertionError) as error:
    raise ValueError(
      f"`split` must be one of {', '.join(sorted(splits))}, or a slice of it. "
      f"Received: split={split!r} of {builder.info.full_name}"
    ) from error
  if num_examples == 0:
    raise ValueError(
      "`split` must hold examples. "
      f"Received: the empty split={split!r} of {builder.info.full_name}"
    )


def _image_and_label_keys(
  builder: tfds.core.DatasetBuilder,
) -> tuple[str, str]:
  features = builder.info.features
  if isinstance(features, tfds.features.FeaturesDict):
    for keys in (builder.info.supervised_keys, ("image", "label")):
      if _are_image_and_label(features, keys):
        return keys
  raise ValueError(
    "The data set must have a feature 'image' (uint8, gray or colour) and a "
    f"feature 'label' (a class). Received: {builder.info.full_name} with "
    f"features={features}"
  )


def _are_image_and_label(
  features: tfds.features.FeaturesDict, keys: tuple | None
) -> bool:
  if not keys or len(keys) != 2 or not all(key in features for key in keys):
    return False
  image, label = (features[key] for key in keys)
  return (
    isinstance(image, tfds.features.Image)
    and image.np_dtype == np.uint8
    and image.shape[-1] in (1, 3)
    and isinstance(label, tfds.features.ClassLabel)
  )


def _read(
  builder: tfds.core.DatasetBuilder,
  split: str,
  image_key: str,
  label_key: str,
  image_size: int | None,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
  """Returns inputs `[b, i]`, labels `[b]`, and (height, width)."""
  dataset = builder.as_dataset(
    split=split,
    shuffle_files=False,
    # The result is kept in memory here; a second copy would be waste.
    read_config=tfds.ReadConfig(try_autocache=False),
  ).map(lambda example: (example[image_key], example[label_key]))
  same_size = None not in builder.info.features[image_key].shape
  dataset = dataset.batch(_BATCH_SIZE if same_size else 1)
  num_examples = builder.info.splits[split].num_examples
  labels = np.empty(num_examples, np.int32)
  inputs = None
  filled = 0
  for images, batch_labels in tfds.as_numpy(dataset):
    images = _to_gray(images)
    if image_size is not None:
      images = area_resize(images, image_size)
    images = np.rint(images).astype(np.uint8)
    if inputs is None:
      shape = images.shape[1:]
      inputs = np.empty((num_examples, *shape), np.uint8)
    if images.shape[1:] != shape:
      raise ValueError(
        "`image_size` must be given, because the images differ in size. "
        f"Received: image_size=None, images of {shape} and {images.shape[1:]} "
        f"in {builder.info.full_name}"
      )
    end = filled + len(images)
    inputs[filled:end] = images
    labels[filled:end] = batch_labels
    filled = end
  return inputs.reshape(num_examples, -1), labels, shape


def _to_gray(images: np.ndarray) -> np.ndarray:
  """`[b, height, width, channels]` to `[b, height, width]`, as luminance."""
  if images.shape[-1] == 1:
    return images[..., 0]
  return images @ _LUMINANCE
