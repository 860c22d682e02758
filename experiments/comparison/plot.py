# SPDX-License-Identifier: Apache-2.0
"""Figure of a comparison."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from experiments.common.results import write_figure
from lurl_tf.evaluation.comparison_scores import Score, best_scores


def plot_comparison(
  path: str, scores: Sequence[Score], reference: str, title: str
) -> None:
  """Draws the best accuracy of every method, a panel per number of labels.

  Bars are standard errors. The reference is drawn in another colour, with a
  line at its accuracy.

  Args:
    path: Path of the PNG file.
    scores: Scores of all methods.
    reference: Name of the method that the others are compared with.
    title: Title of the figure.
  """
  numbers = sorted({score.examples_per_class for score in scores})
  panels = [
    best_scores(s for s in scores if s.examples_per_class == number)
    for number in numbers
  ]
  methods = list(panels[0])[::-1]
  figure = Figure(
    figsize=(2.6 + 2.7 * len(numbers), 1.2 + 0.24 * len(methods)),
    layout="constrained",
  )
  figure.suptitle(title)
  all_axes = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
  for axes, number, best in zip(all_axes, numbers, panels):
    for place, method in enumerate(methods):
      score = best[method]
      axes.errorbar(
        100 * score.mean,
        place,
        xerr=100 * np.nan_to_num(score.stderr),
        fmt="o",
        color="C1" if method == reference else "C0",
      )
    if reference in best:
      axes.axvline(100 * best[reference].mean, color="C1", alpha=0.4)
    axes.set_xlabel(f"accuracy in %, {number} per class")
    axes.set_yticks(range(len(methods)), methods)
    axes.grid(alpha=0.3)
  write_figure(path, figure)
