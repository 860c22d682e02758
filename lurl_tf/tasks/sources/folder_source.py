# SPDX-License-Identifier: Apache-2.0
"""Loads a user's own images from a folder with a subfolder per class."""

import functools
import os
import pathlib
from typing import NamedTuple

import numpy as np

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import check_class_names
from lurl_tf.tasks.images.image_buffer import ImageBuffer
from lurl_tf.tasks.images.image_files import IMAGE_SUFFIXES, read_image
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.hash_split import hash_order, hash_split
from lurl_tf.tasks.sources.split_slices import split_slices, splits_of_sizes


class ImageFile(NamedTuple):
  """An image file and its class.

  Attributes:
    path: Path of the file.
    label: Index of the class.
  """

  path: pathlib.Path
  label: int


class ImageFolder(NamedTuple):
  """The image files of a folder.

  Attributes:
    class_names: Names of the class folders, sorted.
    splits: Files of each split, by the split's name.
  """

  class_names: tuple[str, ...]
  splits: dict[str, list[ImageFile]]


class FolderDataSet(DataSet):
  """Images in a folder per class: `class/*.png`, or `split/class/*.png`.

  Args:
    path: Path of the folder; `list_images` describes its layout.
  """

  holds_images = True

  def __init__(self, path: str):
    super().__init__(f"folder:{path}")
    self._path = path

  @functools.cached_property
  def _folder(self) -> ImageFolder:
    return list_images(self._path)

  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Reads one split; see `DataSet.read`.

    Args:
      split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`.
      image_format: Size and channels of the images returned.

    Returns:
      The examples, uint8, in an order that mixes the classes.

    Raises:
      ValueError: If the folder has another layout, a file cannot be read, or
        the images differ in size and `image_format` has none; the message
        names the folder or the file.
    """
    folder = self._folder
    sizes = {name: len(files) for name, files in folder.splits.items()}
    files = [
      file
      for name, part in split_slices(
        split, splits_of_sizes(sizes), f"the folder {self._path!r}"
      )
      for file in folder.splits[name][part]
    ]
    buffer = ImageBuffer(len(files), image_format)
    for file in files:
      buffer.add(read_image(file.path)[None], repr(os.fspath(file.path)))
    inputs, shape = buffer.result()
    labels = np.array([file.label for file in files], np.int32)
    return LabelledExamples(inputs, labels, folder.class_names, shape)


def list_images(path: str) -> ImageFolder:
  """Lists the images of a folder without opening them.

  If there is a folder `train` with subfolders, the folders are splits, which
  must have the same classes. Otherwise the folders are classes, and a fifth of
  each is held out for `test`. It is chosen by a hash of the file names, so that
  it is always the same. Hidden files, and files without the suffix of an image
  format, are ignored.

  Args:
    path: Path of the folder.

  Returns:
    `ImageFolder`, files in the order of their hash.

  Raises:
    ValueError: If there is no such folder, it has fewer than two classes, a
      class has no images, or splits differ in their classes.
  """
  root = pathlib.Path(os.path.expanduser(path))
  if not path or not root.is_dir():
    raise ValueError(
      "A folder of images must hold a folder for every class. "
      f"Received: {path!r}, which is not a folder"
    )
  train = root / "train"
  if not (train.is_dir() and _folders(train)):
    class_names, files = _list_classes(root)
    labels = np.array([file.label for file in files])
    keys = [file.path.relative_to(root).as_posix() for file in files]
    rows = hash_split(labels, class_names, keys)
    return ImageFolder(
      class_names, {name: [files[row] for row in rows[name]] for name in rows}
    )
  splits = {}
  class_names = _list_classes(train)[0]
  for folder in _folders(root):
    names, files = _list_classes(folder)
    if names != class_names:
      differing = sorted(set(names) ^ set(class_names))
      raise ValueError(
        "All splits must hold the same classes. Received: "
        f"{os.fspath(folder)!r} and {os.fspath(train)!r}, of which only one "
        f"holds {', '.join(differing)}"
      )
    keys = [file.path.relative_to(folder).as_posix() for file in files]
    splits[folder.name] = [files[row] for row in hash_order(keys)]
  return ImageFolder(class_names, splits)


def _folders(parent: pathlib.Path) -> list[pathlib.Path]:
  return [
    child
    for child in sorted(parent.iterdir())
    if child.is_dir() and not child.name.startswith(".")
  ]


def _list_classes(
  parent: pathlib.Path,
) -> tuple[tuple[str, ...], list[ImageFile]]:
  folders = _folders(parent)
  class_names = tuple(folder.name for folder in folders)
  check_class_names(class_names, f"the folder {os.fspath(parent)!r}")
  files = []
  for label, folder in enumerate(folders):
    images = [
      ImageFile(child, label)
      for child in sorted(folder.iterdir())
      if child.suffix.lower() in IMAGE_SUFFIXES
      and not child.name.startswith(".")
      and not child.is_dir()
    ]
    if not images:
      raise ValueError(
        "Every class must hold images, files that end in "
        f"{', '.join(IMAGE_SUFFIXES)}. Received: {os.fspath(folder)!r} "
        "without any"
      )
    files += images
  return class_names, files
