# SPDX-License-Identifier: Apache-2.0
"""Reads and checks the arrays of a user's own `.npz` file."""

import io
import os
from typing import NamedTuple

import numpy as np

from lurl_tf import files
from lurl_tf.tasks.examples import check_class_names


class ArrayPair(NamedTuple):
  """Inputs and labels.

  Attributes:
    inputs: Images `[b, height, width, c]`, or vectors `[b, i]`.
    labels: Integers `[b]`.
  """

  inputs: np.ndarray
  labels: np.ndarray


class NpzArrays(NamedTuple):
  """The arrays of a file.

  Attributes:
    pairs: Arrays by the suffix of their names: "" of `x` and `y`, or `_train`
      and `_test`.
    class_names: Name of each class.
  """

  pairs: dict[str, ArrayPair]
  class_names: tuple[str, ...]


def read_npz(path: str) -> NpzArrays:
  """Reads all arrays of a file.

  Args:
    path: Path of the file.

  Returns:
    The arrays.

  Raises:
    ValueError: If the file cannot be read, an array is missing, or arrays are
      out of range or do not fit each other; the message names the array and the
      file.
  """
  try:
    content = files.read_bytes(os.path.expanduser(path))
    with np.load(io.BytesIO(content)) as file:
      arrays = {name: file[name] for name in file.files}
  # NumPy raises many types of errors for other, damaged or pickled files.
  except Exception as error:
    raise ValueError(
      "A file of arrays must be readable, as `np.savez` writes it. "
      f"Received: {path!r}, error={error}"
    ) from error
  where = f"in {path!r}"
  suffixes = ("",) if "x" in arrays or "y" in arrays else ("_train", "_test")
  pairs = {}
  for suffix in suffixes:
    x_name, y_name = f"x{suffix}", f"y{suffix}"
    if x_name not in arrays or y_name not in arrays:
      raise ValueError(
        "A file of arrays must hold `x` and `y`, or `x_train`, `y_train`, "
        f"`x_test` and `y_test`. Received: {', '.join(arrays) or 'none'} "
        f"{where}"
      )
    inputs = _check_inputs(arrays[x_name], x_name, where)
    labels = _check_labels(arrays[y_name], y_name, where)
    if len(inputs) != len(labels):
      raise ValueError(
        f"`{x_name}` and `{y_name}` must have one length. Received: lengths "
        f"{len(inputs)} and {len(labels)} {where}"
      )
    pairs[suffix] = ArrayPair(inputs, labels)
  shapes = {pair.inputs.shape[1:] for pair in pairs.values()}
  if len(shapes) > 1:
    raise ValueError(
      "`x_train` and `x_test` must hold examples of one shape. Received: "
      f"{' and '.join(map(str, sorted(shapes)))} {where}"
    )
  class_names = _class_names(arrays, pairs, where)
  check_class_names(class_names, f"`y` {where}")
  return NpzArrays(pairs, class_names)


def _check_inputs(inputs: np.ndarray, name: str, where: str) -> np.ndarray:
  """Checks inputs, and adds an axis of channels to gray images."""
  if inputs.ndim == 3:
    inputs = inputs[..., None]
  is_image = inputs.ndim == 4
  if (
    not (inputs.ndim == 2 or (is_image and inputs.shape[-1] in (1, 3)))
    or inputs.dtype.kind not in "buif"
    or not inputs.size
  ):
    raise ValueError(
      f"`{name}` must hold numbers of shape [b, height, width], [b, height, "
      "width, 1 or 3] or [b, i]. Received: "
      f"shape={inputs.shape}, dtype={inputs.dtype} {where}"
    )
  if inputs.dtype.kind == "b":
    return inputs
  low, high = inputs.min(), inputs.max()
  if not np.isfinite([low, high]).all():
    faulty = ~np.isfinite(inputs.reshape(len(inputs), -1)).all(axis=1)
    raise ValueError(
      f"`{name}` must be finite. Received: NaN or infinite values in "
      f"{faulty.sum()} of {len(inputs)} examples, first in "
      f"{name}[{faulty.argmax()}] {where}"
    )
  if inputs.dtype.kind == "f":
    is_in_range = not is_image or 0 <= low <= high <= 1
  else:
    is_in_range = 0 <= low <= high <= 255
  if not is_in_range:
    raise ValueError(
      f"`{name}` must hold integers from 0 to 255, or floats, which are from 0 "
      f"to 1 in images. Received: dtype={inputs.dtype}, from {low} to {high} "
      f"{where}"
    )
  return inputs


def _check_labels(labels: np.ndarray, name: str, where: str) -> np.ndarray:
  if labels.ndim == 2 and labels.shape[1] == 1:  # As Keras stores CIFAR.
    labels = labels[:, 0]
  if labels.ndim != 1 or labels.dtype.kind not in "ui":
    raise ValueError(
      f"`{name}` must hold an integer for every example. Received: "
      f"shape={labels.shape}, dtype={labels.dtype} {where}"
    )
  return labels


def _class_names(
  arrays: dict[str, np.ndarray], pairs: dict[str, ArrayPair], where: str
) -> tuple[str, ...]:
  """Returns names of the classes, after checking that labels fit them."""
  if "class_names" in arrays:
    names = tuple(map(str, arrays["class_names"].ravel()))
  else:
    # The largest label does not give the number: it may be out of range.
    count = len(np.unique(next(iter(pairs.values())).labels))
    names = tuple(map(str, range(count)))
  for suffix, pair in pairs.items():
    low, high = pair.labels.min(), pair.labels.max()
    if not 0 <= low <= high < len(names):
      raise ValueError(
        f"`y{suffix}` must hold labels from 0 to {len(names) - 1}, without a "
        f"gap. Received: labels from {low} to {high} {where}"
      )
  return names
