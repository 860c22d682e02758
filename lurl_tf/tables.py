# SPDX-License-Identifier: Apache-2.0
"""Plain-text tables."""

from collections.abc import Sequence


def format_table(
  headers: Sequence[str], rows: Sequence[Sequence[object]]
) -> str:
  """Aligns columns with spaces: the first to the left, the others right.

  Args:
    headers: Name of each column.
    rows: Cells of each row, printed with `str`; one per header.

  Returns:
    Lines of the table, without a newline at the end.

  Raises:
    ValueError: If the number of cells in a row is not that of the headers.

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
