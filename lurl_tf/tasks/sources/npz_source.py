# SPDX-License-Identifier: Apache-2.0
"""Loads a user's own examples from an `.npz` file."""

import functools

import numpy as np

from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.images.image_buffer import ImageBuffer
from lurl_tf.tasks.images.image_format import ImageFormat
from lurl_tf.tasks.sources.data_set import DataSet
from lurl_tf.tasks.sources.hash_split import hash_split
from lurl_tf.tasks.sources.npz_arrays import ArrayPair, NpzArrays, read_npz
from lurl_tf.tasks.sources.split_slices import split_slices, splits_of_sizes

_BATCH_SIZE = 512


class NpzDataSet(DataSet):
  """Arrays in an `.npz` file, as `np.savez` writes it.

  The file holds `x_train`, `y_train`, `x_test` and `y_test`; or `x` and `y`, of
  which a fifth of every class is held out for `test`, chosen by a hash of the
  row number, so that it is always the same. `class_names` is optional.

  Args:
    path: Path of the file.
  """

  def __init__(self, path: str):
    super().__init__(f"npz:{path}")
    self._path = path

  @functools.cached_property
  def _arrays(self) -> NpzArrays:
    return read_npz(self._path)

  @property
  def holds_images(self) -> bool:
    """Whether the inputs are images; False for texts and vectors."""
    """Whether the inputs are images, which can be resized."""
    pairs = self._arrays.pairs.values()
    return all(pair.inputs.ndim > 2 for pair in pairs)

  def read(self, split: str, image_format: ImageFormat) -> LabelledExamples:
    """Reads one split; see `DataSet.read`.

    Args:
      split: `"train"`, `"test"`, or a slice such as `"train[:10%]"`.
      image_format: Size and channels of the images returned.

    Returns:
      The examples. Arrays `[b, height, width]` and `[b, height, width, 1 or 3]`
      are images, integers from 0 to 255 or floats from 0 to 1; they become
      uint8. Arrays `[b, i]` are vectors: integers from 0 to 255 become uint8,
      which training scales to 0 to 1; floats become float32, unscaled. False
      and True become 0 and 255.

    Raises:
      ValueError: If the file cannot be read, an array is missing, or arrays are
        out of range or do not fit each other; the message names the array and
        the file.
    """
    splits = _splits(self._arrays)
    sizes = {name: len(rows) for name, (_, rows) in splits.items()}
    chosen = []
    for name, part in split_slices(
      split, splits_of_sizes(sizes), f"the file {self._path!r}"
    ):
      pair, rows = splits[name]
      chosen.append((pair, rows[part]))
    labels = np.concatenate([pair.labels[rows] for pair, rows in chosen])
    if chosen[0][0].inputs.ndim == 2:
      image_format.check_unused(self._path, "vectors")
      inputs = np.concatenate(
        [_vectors(pair.inputs[rows]) for pair, rows in chosen]
      )
      shape = inputs.shape[1:]
    else:
      buffer = ImageBuffer(len(labels), image_format)
      for pair, rows in chosen:
        for start in range(0, len(rows), _BATCH_SIZE):
          batch = pair.inputs[rows[start : start + _BATCH_SIZE]]
          buffer.add(_pixels(batch), repr(self._path))
      inputs, shape = buffer.result()
    return LabelledExamples(
      inputs, labels.astype(np.int32), self._arrays.class_names, shape
    )


def _splits(arrays: NpzArrays) -> dict[str, tuple[ArrayPair, np.ndarray]]:
  """Arrays and row numbers of each split, by the split's name."""
  if "" not in arrays.pairs:
    return {
      suffix.removeprefix("_"): (pair, np.arange(len(pair.labels)))
      for suffix, pair in arrays.pairs.items()
    }
  pair = arrays.pairs[""]
  keys = [str(row) for row in range(len(pair.labels))]
  rows = hash_split(pair.labels, arrays.class_names, keys)
  return {name: (pair, rows[name]) for name in rows}


def _pixels(images: np.ndarray) -> np.ndarray:
  """Scales images to 0 to 255."""
  if images.dtype.kind in "bf":
    return images * np.float64(255)
  return images


def _vectors(inputs: np.ndarray) -> np.ndarray:
  """Converts vectors to uint8 or float32."""
  if inputs.dtype.kind == "f":
    return inputs.astype(np.float32)
  return _pixels(inputs).astype(np.uint8)
