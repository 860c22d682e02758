# SPDX-License-Identifier: Apache-2.0
"""Files that scripts write: JSON results and figures."""

import io
import json
import math
import os
from typing import Any

import tensorflow as tf
from matplotlib.figure import Figure

from lurl_tf import files

# The read-out of conclusions, figures and charts.
DECISIVE_READOUT = "ridge_loo"


def check_writable(path: str) -> None:
  """Checks that `write_results` will succeed, before the long work begins.

  Missing parent folders are created. An existing file is not changed.

  Args:
    path: Path of the file to be written later.

  Raises:
    OSError: If `path` is a folder, or its folder cannot be written.
  """
  if tf.io.gfile.isdir(path):
    raise IsADirectoryError(
      f"Expected the path of a file, not of a folder. Received: path={path!r}"
    )
  try:
    files.check_folder_writable(_folder_of(path))
  except OSError as error:
    raise OSError(
      f"Expected a path that can be written ({error}). Received: path={path!r}"
    ) from error


def write_results(path: str, results: Any) -> None:
  """Writes results as JSON, atomically.

  NaN and infinities, which JSON does not have, are written as `null`.

  Args:
    path: Path of the file; missing parent folders are created.
    results: Nested dicts, sequences, strings, numbers, booleans and None.

  Raises:
    OSError: If the file cannot be written.
    TypeError: If `results` contains a value that JSON does not have.
  """
  text = json.dumps(_without_nan(results), indent=2, allow_nan=False)
  files.write_atomically(path, (text + "\n").encode())


def _folder_of(path: str) -> str:
  if not files.is_local(path):
    return os.path.dirname(path)
  return os.path.dirname(os.path.abspath(path))


def _without_nan(value: Any) -> Any:
  if isinstance(value, dict):
    return {key: _without_nan(item) for key, item in value.items()}
  if isinstance(value, (list, tuple)):
    return [_without_nan(item) for item in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value


def write_figure(path: str, figure: Figure) -> None:
  """Writes a figure as PNG, atomically.

  Args:
    path: Path of the file; missing parent folders are created.
    figure: Matplotlib figure.

  Raises:
    OSError: If the file cannot be written.
  """
  picture = io.BytesIO()
  figure.savefig(picture, format="png", dpi=120)
  files.write_atomically(path, picture.getvalue())
