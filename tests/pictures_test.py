# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/pictures.py."""

import numpy as np
import pytest
from matplotlib import image

from tests import source_tree
from tools import pictures

pytestmark = pytest.mark.skipif(
  not source_tree.IS_WHOLE, reason="needs the whole checkout"
)

TABLE = """
Text.

| method | 1 label per class | | 20 | |
|---|---|---|---|---|
| `pooled` | 63.7 +- 0.5 | | 73.5 +- 0.4 | |
| `random_init` | 41.3 +- 0.8 | +22.4 [+18.8, +25.9] | 56.5 +- 0.6 | -1.0 |

| `vae` | 1.0 +- 1.0 | | 2.0 +- 1.0 | |
"""


def test_the_table_is_read():
  numbers, accuracies = pictures.read_table(TABLE)
  assert numbers == [1, 20]
  assert accuracies == {
    "pooled": [(63.7, 0.5), (73.5, 0.4)],
    "random_init": [(41.3, 0.8), (56.5, 0.6)],
  }


def test_a_page_without_the_table_is_refused():
  with pytest.raises(ValueError, match="1 label per class"):
    pictures.read_table("No table.")


def test_the_committed_picture_is_of_the_committed_table(tmp_path):
  """Every method of the legend is in the table, with every number of labels."""
  page = source_tree.ROOT / "docs" / "compare_with_baselines.md"
  numbers, accuracies = pictures.read_table(page.read_text())
  assert numbers == [1, 3, 10, 50]
  assert set(pictures._STYLES) <= set(accuracies)
  assert {len(each) for each in accuracies.values()} == {4}
  pictures.accuracy_over_labels(numbers, accuracies).savefig(tmp_path / "a.png")
  drawn = image.imread(tmp_path / "a.png")
  committed = image.imread(
    source_tree.ROOT / "docs" / "images" / "accuracy_over_labels.png"
  )
  assert drawn.shape == committed.shape
  # Fonts are rasterised otherwise by other versions of matplotlib.
  assert np.abs(drawn - committed).mean() < 0.01


def test_pictures_are_small():
  folder = source_tree.ROOT / "docs" / "images"
  large = {
    path.name: path.stat().st_size
    for path in folder.iterdir()
    if path.suffix != ".png" or path.stat().st_size > 150_000
  }
  assert large == {}
