# SPDX-License-Identifier: Apache-2.0
"""Pictures of `experiments.inspect_rule`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from experiments.common.results import write_figure
from experiments.inspection.principal_components import Projection

_PAIRS = ((0, 1), (0, 2), (1, 2))


def plot_receptive_fields(
  path: str, grids: Mapping[str, Mapping[int, np.ndarray]]
) -> None:
  """Draws receptive fields, with a row per rule and a column per snapshot.

  Args:
    path: Path of the PNG file.
    grids: Pictures, uint8 `[height, width, channels]`, by name of the rule and
      number of inner steps.
  """
  columns = max(map(len, grids.values()))
  figure = Figure(
    figsize=(3.2 * columns, 3.4 * len(grids)), layout="constrained"
  )
  panels = figure.subplots(len(grids), columns, squeeze=False)
  for axes in panels.flat:
    axes.axis("off")
  for row, (rule, pictures) in zip(panels, grids.items()):
    for axes, (inner_steps, pixels) in zip(row, pictures.items()):
      if pixels.shape[-1] == 1:
        axes.imshow(pixels[..., 0], cmap="gray", vmin=0, vmax=255)
      else:
        axes.imshow(pixels)
      axes.set_title(f"{rule}: {inner_steps} inner steps", fontsize="small")
  write_figure(path, figure)


def plot_embeddings(
  path: str,
  projections: Mapping[str, Projection],
  labels: np.ndarray,
  class_names: Sequence[str],
) -> None:
  """Draws features on pairs of principal components, with a row per network.

  Args:
    path: Path of the PNG file.
    projections: Features of the same examples on principal components, by title
      of the row.
    labels: Class indices `[b]`, which set the colors.
    class_names: Names of the classes.
  """
  figure = Figure(figsize=(10, 3.2 * len(projections)), layout="constrained")
  panels = figure.subplots(len(projections), len(_PAIRS), squeeze=False)
  for row, (title, projection) in zip(panels, projections.items()):
    for axes, (first, second) in zip(row, _PAIRS):
      for label, name in enumerate(class_names):
        points = projection.coordinates[labels == label]
        axes.scatter(
          points[:, first],
          points[:, second],
          s=4,
          color=f"C{label % 10}",
          label=name,
        )
      for direction, component in (("x", first), ("y", second)):
        share = projection.explained[component : component + 1].sum()
        axes.set(
          **{f"{direction}label": f"PC {component + 1} ({100 * share:.0f} %)"}
        )
    row[0].set_title(title, fontsize="small")
  if len(class_names) <= 10:
    panels[0, -1].legend(fontsize="x-small", markerscale=3)
  write_figure(path, figure)


def plot_explained_variance(
  path: str, explained: Mapping[str, Mapping[str, np.ndarray]]
) -> None:
  """Draws explained variances, with a panel per data set.

  Args:
    path: Path of the PNG file.
    explained: Shares `[u]` of the variance, descending, by data set and by
      title of the curve.
  """
  figure = Figure(figsize=(4.5 * len(explained), 3.5), layout="constrained")
  panels = figure.subplots(1, len(explained), squeeze=False)[0]
  for axes, (dataset, curves) in zip(panels, explained.items()):
    for title, shares in curves.items():
      components = np.arange(1, len(shares) + 1)
      axes.plot(components, 100 * np.cumsum(shares), label=title)
    axes.set_title(dataset, fontsize="small")
    axes.set_xlabel("principal components")
    axes.legend(fontsize="x-small", title="rule: inner steps")
  panels[0].set_ylabel("explained variance in %")
  write_figure(path, figure)


def plot_mixture_weights(
  path: str, weights: Mapping[str, Mapping[str, float]]
) -> None:
  """Draws coefficients as bars, with a color per rule.

  Args:
    path: Path of the PNG file.
    weights: Coefficients by name of the rule and name of the term.
  """
  names = list(
    dict.fromkeys(name for each in weights.values() for name in each)
  )
  figure = Figure(figsize=(6, 0.4 * len(names) + 1), layout="constrained")
  axes = figure.subplots()
  thickness = 0.8 / len(weights)
  for index, (rule, own) in enumerate(weights.items()):
    places = np.arange(len(names)) + thickness * index
    heights = [own.get(name, 0.0) for name in names]
    axes.barh(places, heights, thickness, label=rule)
  axes.set_yticks(np.arange(len(names)) + 0.4 - thickness / 2, names)
  axes.invert_yaxis()
  axes.axvline(0, color="black", linewidth=0.8)
  axes.set_xlabel("coefficient in the merged change")
  figure.legend(loc="outside upper center", fontsize="small", ncols=3)
  write_figure(path, figure)
