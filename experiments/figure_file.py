# SPDX-License-Identifier: Apache-2.0
"""Writes a matplotlib figure as a file."""

import io

from matplotlib.figure import Figure

from lurl_tf import files


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
