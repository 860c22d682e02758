# SPDX-License-Identifier: Apache-2.0
"""Tests that pictures show the numbers that they are given."""

import matplotlib.figure
import numpy as np
import pytest

from experiments.inspection import plots as inspection_plots
from experiments.inspection.principal_components import project


@pytest.fixture(name="figures")
def fixture_figures(monkeypatch):
  """Figures in place of files."""
  saved = []
  monkeypatch.setattr(
    inspection_plots, "write_figure", lambda path, figure: saved.append(figure)
  )
  return saved


def test_receptive_fields_stand_by_rule_and_step(figures):
  generator = np.random.default_rng(0)

  def pixels(channels):
    return generator.integers(0, 256, (5, 6, channels)).astype(np.uint8)

  grids = {"early": {0: pixels(1), 9: pixels(1)}, "late": {0: pixels(3)}}
  inspection_plots.plot_receptive_fields("unused", grids)
  (figure,) = figures
  assert isinstance(figure, matplotlib.figure.Figure)
  panels = figure.axes
  assert [axes.get_title() for axes in panels] == [
    "early: 0 inner steps",
    "early: 9 inner steps",
    "late: 0 inner steps",
    "",
  ]
  for axes, expected in zip(
    panels, (grids["early"][0], grids["early"][9], grids["late"][0])
  ):
    shown = axes.images[0].get_array()
    np.testing.assert_array_equal(np.squeeze(shown), np.squeeze(expected))


def test_embeddings_colour_classes(figures):
  generator = np.random.default_rng(0)
  projection = project(generator.normal(size=[7, 4]))
  labels = np.array([0, 1, 1, 0, 1, 0, 1])
  inspection_plots.plot_embeddings(
    "unused", {"before": projection, "after": projection}, labels, ("a", "b")
  )
  (figure,) = figures
  assert len(figure.axes) == 6
  second = figure.axes[4]  # components 1 and 3, after
  share = 100 * projection.explained[2]
  assert second.get_ylabel() == f"PC 3 ({share:.0f} %)"
  for label, points in enumerate(second.collections):
    np.testing.assert_allclose(
      points.get_offsets(), projection.coordinates[labels == label][:, [0, 2]]
    )
  assert figure.axes[3].get_title() == "after"


def test_explained_variance_adds_up(figures):
  shares = np.array([0.5, 0.3, 0.2])
  inspection_plots.plot_explained_variance(
    "unused", {"tiny": {"rule: 0": shares}, "moons": {"rule: 0": shares[:1]}}
  )
  first, second = figures[0].axes
  np.testing.assert_allclose(first.lines[0].get_ydata(), [50, 80, 100])
  np.testing.assert_array_equal(first.lines[0].get_xdata(), [1, 2, 3])
  assert second.get_title() == "moons"


def test_mixture_weights_stand_beside_their_names(figures):
  inspection_plots.plot_mixture_weights(
    "unused", {"early": {"a": 1.0, "b": -2.0}, "late": {"a": 3.0, "c": 4.0}}
  )
  (axes,) = figures[0].axes
  assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c"]
  widths = [
    [bar.get_width() for bar in container] for container in axes.containers
  ]
  assert widths == [[1, -2, 0], [3, 0, 4]]
  middles = np.mean(
    [[bar.get_center()[1] for bar in each] for each in axes.containers], axis=0
  )
  np.testing.assert_allclose(middles, axes.get_yticks())
