# SPDX-License-Identifier: Apache-2.0
"""Picture of `experiments.generalize`, with a panel per sweep."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common.results import DECISIVE_READOUT, write_figure
from experiments.generalization.report import GeneralizationRow
from experiments.generalization.sweeps import TRAINED

_LOGARITHMIC = ("steps", "width", "text")


def plot_generalization(path: str, rows: Sequence[GeneralizationRow]) -> None:
  """Draws the accuracies of a rule and of random init along every sweep.

  Bars are 95 % intervals of the gain over random init.

  Args:
    path: Path of the PNG file.
    rows: Rows of all rules and settings.
  """
  rows = [row for row in rows if row.learned.readout == DECISIVE_READOUT]
  sweeps = list(dict.fromkeys(row.setting.sweep for row in rows))
  if len(sweeps) > 1:
    sweeps.remove(TRAINED)
  figure = Figure(figsize=(1 + 2.2 * len(sweeps), 3.2), layout="constrained")
  panels = figure.subplots(1, len(sweeps), squeeze=False, sharey=True)[0]
  for axes, sweep in zip(panels, sweeps):
    _draw_sweep(axes, [row for row in rows if row.setting.sweep == sweep])
    axes.set_xlabel(sweep.replace("_", " "))
    axes.margins(x=0.2)
    axes.grid(alpha=0.3)
  panels[0].set_ylabel(f"accuracy in % ({DECISIVE_READOUT})")
  legend = panels[0].legend(fontsize="small")
  # A rule's name can be a long path, which would shrink the panels.
  legend.set_in_layout(False)
  write_figure(path, figure)


def _draw_sweep(axes: Axes, rows: Sequence[GeneralizationRow]) -> None:
  sweep = rows[0].setting.sweep
  values = list(dict.fromkeys(row.value for row in rows))
  is_named = any(isinstance(value, str) for value in values)
  for index, rule in enumerate(dict.fromkeys(row.rule for row in rows)):
    own = [row for row in rows if row.rule == rule]
    places = [values.index(row.value) if is_named else row.value for row in own]
    means, randoms = (
      np.array([100 * each.mean for each in column])
      for column in zip(*((row.learned, row.random_init) for row in own))
    )
    ends = 100 * np.array([row.gain.interval for row in own]).T
    gains = means - randoms
    bars = np.nan_to_num(np.abs(ends - gains))
    color = f"C{index}"
    axes.errorbar(
      places, means, bars, marker="o", capsize=3, color=color, label=rule
    )
    axes.plot(places, randoms, "--", color=color, label="its random init")
  if is_named:
    axes.set_xticks(range(len(values)), values)
  else:
    if sweep in _LOGARITHMIC:
      axes.set_xscale("log")
    axes.set_xticks(values, map(str, values))
    axes.minorticks_off()
