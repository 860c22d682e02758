# SPDX-License-Identifier: Apache-2.0
"""The picture of a sweep of `experiments.benchmark`."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from experiments.figure_file import write_figure


def plot_sweep(
  path: str,
  name: str,
  values: Sequence[float],
  seconds: Sequence[float],
  megabytes: Sequence[float],
) -> None:
  """Writes growth curves of time and memory, both axes logarithmic, as PNG.

  Args:
    path: the file.
    name: of what grows.
    values: of it.
    seconds: of a truncation with its gradient, at each value.
    megabytes: of memory, at each value.
  """
  figure = Figure(figsize=(8, 3.5), layout="constrained")
  for axes, numbers, label in zip(
    figure.subplots(1, 2),
    (seconds, megabytes),
    ("seconds per truncation", "peak MB"),
  ):
    axes.loglog(values, numbers, marker="o")
    axes.set_xlabel(name)
    axes.set_ylabel(label)
    axes.set_xticks(values, map(str, values))
    axes.minorticks_off()
  write_figure(path, figure)
