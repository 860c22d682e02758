# SPDX-License-Identifier: Apache-2.0
"""What a script leaves behind: a JSON file, and a table for people."""

import io
import json
import math
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from matplotlib.figure import Figure

from lurl_tf import files
from lurl_tf.evaluation.statistics import PairedDifference


def check_writable(path: str) -> None:
  """Makes sure that `write_results` will work, before the long work begins.

  Missing folders above `path` are made. An existing file is left as it is.

  Args:
    path: the file to be written later.

  Raises:
    OSError: if `path` is a folder, or its folder cannot be written.
  """
  if tf.io.gfile.isdir(path):
    raise IsADirectoryError(
      f"Expected the path of a file, found a folder. Received: path={path!r}"
    )
  try:
    files.check_folder_writable(_folder_of(path))
  except OSError as error:
    raise OSError(
      f"Expected a path that can be written ({error}). Received: path={path!r}"
    ) from error


def write_results(path: str, results: Any) -> None:
  """Writes `results` as JSON; a reader sees the old file or the whole new one.

  Numbers that JSON does not have (NaN, infinities) are written as `null`.

  Args:
    path: the file to write; missing folders above it are made.
    results: dicts, sequences, strings, numbers, booleans and None, nested.

  Raises:
    OSError: if the file cannot be written.
    TypeError: if `results` holds something that JSON does not have.
  """
  text = json.dumps(_without_nan(results), indent=2, allow_nan=False)
  files.write_atomically(path, (text + "\n").encode())


def format_table(
  headers: Sequence[str], rows: Sequence[Sequence[object]]
) -> str:
  """Columns aligned with spaces: the first to the left, the others right.

  Args:
    headers: a name per column.
    rows: cells, printed with `str`; as many per row as there are headers.

  Returns:
    The lines of the table, without a newline at the end.

  Raises:
    ValueError: if a row has more or fewer cells than there are headers.

  Example:

  >>> print(format_table(["method", "steps"], [["random_init", 0]]))
  method       steps
  -----------  -----
  random_init      0
  """
  cells = [[str(cell) for cell in row] for row in rows]
  for row in cells:
    if len(row) != len(headers):
      raise ValueError(
        f"Expected {len(headers)} cells in every row. Received: row={row!r}"
      )
  widths = [max(map(len, column)) for column in zip(headers, *cells)]
  lines = [list(headers), ["-" * width for width in widths], *cells]
  return "\n".join(_table_line(line, widths) for line in lines)


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
  aligned = [cells[0].ljust(widths[0])]
  aligned += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
  return "  ".join(aligned).rstrip()


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
  """Writes a PNG; a reader sees the old file or the whole new one.

  Args:
    path: the file; missing folders above it are made.
    figure: what to draw.

  Raises:
    OSError: if the file cannot be written.
  """
  picture = io.BytesIO()
  figure.savefig(picture, format="png", dpi=120)
  files.write_atomically(path, picture.getvalue())


DECISIVE_READOUT = "ridge_loo"


def format_accuracy(mean: float, stderr: float) -> str:
  """An accuracy in % with its standard error.

  Args:
    mean: a share.
    stderr: a share.

  Returns:
    Text such as `81.4 +- 0.3`.
  """
  return f"{100 * mean:.1f} +- {100 * stderr:.1f}"


def format_difference(paired: PairedDifference) -> str:
  """A difference of accuracies in points with its interval.

  Args:
    paired: differences of shares.

  Returns:
    Text such as `+4.1 [+2.0, +6.3]`.
  """
  low, high = paired.interval
  return f"{100 * paired.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
