# SPDX-License-Identifier: Apache-2.0
"""Picture of a sweep of `experiments.benchmark`."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from experiments.common.results import write_figure


class Growth(NamedTuple):
  """A measured quantity along a sweep.

  Attributes:
    label: Name and unit of the quantity.
    numbers: Measured number at each value of the sweep.
    power: Slope of the line fitted to the logarithms.
  """

  label: str
  numbers: Sequence[float]
  power: float


def plot_sweep(
  path: str, name: str, values: Sequence[float], curves: Sequence[Growth]
) -> None:
  """Writes growth curves with two logarithmic axes as PNG.

  Args:
    path: Path of the PNG file.
    name: Name of the sweep.
    values: Values of the sweep.
    curves: Measured quantities, each drawn in a panel of its own.
  """
  figure = Figure(figsize=(4 * len(curves), 3.5), layout="constrained")
  panels = figure.subplots(1, len(curves), squeeze=False)[0]
  for axes, curve in zip(panels, curves):
    axes.loglog(values, curve.numbers, marker="o")
    axes.set_title(f"power {curve.power:.2f}")
    axes.set_xlabel(name)
    axes.set_ylabel(curve.label)
    axes.set_xticks(values, map(str, values))
    axes.set_xticks([], minor=True)
    # The range of a curve may hold no power of ten, so every tick is labelled.
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
  write_figure(path, figure)
