# SPDX-License-Identifier: Apache-2.0
"""Loads images of a user's own from a folder with a folder per class."""

import os
import pathlib
from typing import NamedTuple

import numpy as np

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import check_class_names
from lurl_tf.tasks.images.image_buffer import ImageBuffer
from lurl_tf.tasks.images.image_files import IMAGE_SUFFIXES, read_image
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.hash_split import hash_order, hash_split
from lurl_tf.tasks.sources.split_slices import split_slices, splits_of_sizes


class ImageFile(NamedTuple):
  """A file with its class.

  Attributes:
    path: of the file.
    label: index of its class.
  """

  path: pathlib.Path
  label: int


class ImageFolder(NamedTuple):
  """The files of a folder.

  Attributes:
    class_names: names of the classes' folders, in order.
    splits: files of every split.
  """

  class_names: tuple[str, ...]
  splits: dict[str, list[ImageFile]]


def load_folder(
  path: str, split: str, image_format: ImageFormat
) -> LabelledExamples:
  """Loads one split of a folder of images.

  Args:
    path: holds `class/*.png`, or `split/class/*.png`; see `list_images`.
    split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`.
    image_format: what images are brought into.

  Returns:
    The examples, uint8, the classes mixed.

  Raises:
    ValueError: if the folder is not laid out so, if a file cannot be read, or
      if the images differ in size and none is asked for; names the folder or
      the file.
  """
  folder = list_images(path)
  sizes = {name: len(files) for name, files in folder.splits.items()}
  files = [
    file
    for name, part in split_slices(
      split, splits_of_sizes(sizes), f"the folder {path!r}"
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
  """Lists the images of a folder, and looks into none of them.

  A folder `train` that itself holds folders means that the folders are splits,
  each of them with the same classes. Otherwise the folders are classes, and a
  fifth of each is held out for `test`, chosen by a hash of the files' names, so
  that it is the same every time. Files that are no images by their suffix, and
  hidden ones, are passed over.

  Args:
    path: of the folder.

  Returns:
    `ImageFolder`, in the order of the hash.

  Raises:
    ValueError: if there is no such folder, it has fewer than two classes, a
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
