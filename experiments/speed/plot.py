# SPDX-License-Identifier: Apache-2.0
"""The picture of a sweep of `experiments.benchmark`."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from experiments.common.results import write_figure


class Growth(NamedTuple):
  """What grows with the values of a sweep.

  Attributes:
    label: its name and unit.
    numbers: at each value.
    power: slope of the line through the logarithms.
  """

  label: str
  numbers: Sequence[float]
  power: float


def plot_sweep(
  path: str, name: str, values: Sequence[float], curves: Sequence[Growth]
) -> None:
  """Writes growth curves, both axes logarithmic, as PNG.

  Args:
    path: the file.
    name: of what the sweep varies.
    values: of it.
    curves: a panel each.
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
    # A curve may pass no power of ten: all ticks have their numbers.
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
  write_figure(path, figure)
