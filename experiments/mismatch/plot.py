# SPDX-License-Identifier: Apache-2.0
"""Picture of `experiments.objective_mismatch`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.common.results import DECISIVE_READOUT, write_figure
from experiments.mismatch.measures import BothOrders, EpochScores
from experiments.mismatch.report import PROTOTYPES_READOUT, Mismatch, last_layer
from lurl_tf.evaluation import RANDOM_INIT
from lurl_tf.readouts import COMPARED_READOUTS

_READOUTS = (DECISIVE_READOUT, PROTOTYPES_READOUT)
# Colors of read-outs; the decisive one has the color of random features.
_COLORS = ("C2", "C0", "C1", "C4")
_SHIFT = 0.08


def plot_mismatch(path: str, mismatch: Mismatch) -> None:
  """Draws accuracies and losses by epoch, and accuracies in both orders.

  Bars and bands are standard errors. Panels without data are omitted.

  Args:
    path: Path of the PNG file.
    mismatch: Measurements to draw.
  """
  num_panels = bool(mismatch.epochs) + len(_READOUTS) * mismatch.has_methods
  figure = Figure(figsize=(1 + 4 * num_panels, 3.6), layout="constrained")
  figure.suptitle(mismatch.dataset)
  panels = iter(figure.subplots(1, max(num_panels, 1), squeeze=False)[0])
  if mismatch.epochs:
    _draw_training(next(panels), mismatch.epochs, mismatch.methods)
  if mismatch.has_methods:
    for readout, axes in zip(_READOUTS, panels):
      _draw_methods(axes, mismatch.methods, readout)
    axes.legend(fontsize="small")
  write_figure(path, figure)


def _draw_training(
  axes: Axes, epochs: Sequence[EpochScores], methods: Sequence[BothOrders]
) -> None:
  numbers = [epoch.number for epoch in epochs]
  for index, readout in enumerate(COMPARED_READOUTS):
    scores = [last_layer(epoch.scores, readout) for epoch in epochs]
    means = 100 * np.array([score.mean for score in scores])
    errors = 100 * np.nan_to_num([score.stderr for score in scores])
    color = _COLORS[index]
    axes.plot(numbers, means, marker=".", color=color, label=readout)
    axes.fill_between(
      numbers, means - errors, means + errors, color=color, alpha=0.25
    )
  for method in methods:
    if method.method == RANDOM_INIT:
      height = 100 * last_layer(method.permuted).mean
      label = f"{RANDOM_INIT}, {DECISIVE_READOUT}"
      axes.axhline(height, color="C0", linestyle="--", label=label)
  axes.legend(
    fontsize="x-small", loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3
  )
  axes.set_xlabel("epochs of the variational autoencoder")
  axes.set_ylabel("accuracy in %")
  losses = axes.twinx()
  losses.plot(numbers, [np.mean(e.losses) for e in epochs], color="black")
  losses.set_ylabel("loss on held-out examples (black)")


def _draw_methods(
  axes: Axes, methods: Sequence[BothOrders], readout: str
) -> None:
  places = np.arange(len(methods))
  for shift, label, color, columns in (
    (-_SHIFT, "stored order of inputs", "C0", [each.own for each in methods]),
    (_SHIFT, "permuted inputs", "C3", [each.permuted for each in methods]),
  ):
    scores = [last_layer(column, readout) for column in columns]
    axes.errorbar(
      places + shift,
      [100 * score.mean for score in scores],
      100 * np.nan_to_num([score.stderr for score in scores]),
      fmt="o",
      capsize=3,
      color=color,
      label=label,
    )
  # A rule's name can be a long path.
  names = [method.method[-24:].replace("_", "\n", 1) for method in methods]
  axes.set_xticks(places, names, fontsize="small")
  axes.set_xlim(-0.5, len(methods) - 0.5)
  axes.set_ylabel(f"accuracy in % ({readout})")
  axes.grid(alpha=0.3)
