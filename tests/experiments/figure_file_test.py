# SPDX-License-Identifier: Apache-2.0
"""Tests that a figure becomes a picture, in a folder that may be missing."""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from experiments.figure_file import write_figure


def test_a_figure_can_be_read_back(tmp_path):
  path = tmp_path / "missing" / "figure.png"
  write_figure(str(path), Figure(figsize=(2, 1), facecolor=(1, 0, 0)))
  pixels = np.asarray(Image.open(path).convert("RGB"))
  assert pixels.shape == (120, 240, 3)
  assert np.all(pixels == (255, 0, 0))
  assert [each.name for each in path.parent.iterdir()] == ["figure.png"]
