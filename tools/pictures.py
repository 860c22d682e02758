# SPDX-License-Identifier: Apache-2.0
"""Draws the README's picture of accuracy over labels per class.

python -m tools.pictures

The numbers come from the table "Fewer and more labels" of
docs/compare_with_baselines.md, so that picture and table cannot differ. The
other pictures of docs/images are made by the scripts of experiments/; each
stands beside its command in docs/figures.md.
"""

import pathlib
import re
from typing import NamedTuple

from absl import app, flags
from matplotlib.figure import Figure

_ROOT = pathlib.Path(__file__).parents[1]
_PAGE = flags.DEFINE_string(
  "page",
  str(_ROOT / "docs" / "compare_with_baselines.md"),
  "Markdown page that holds the table.",
)
_OUTPUT = flags.DEFINE_string(
  "output",
  str(_ROOT / "docs" / "images" / "accuracy_over_labels.png"),
  "PNG file to write.",
)

# Title of a method in the legend, its color and its line style, by the name in
# the table. The order of the legend is that of the accuracies.
_STYLES = {
  "pooled": ("learned rule (pooled)", "#d1495b", "-"),
  "label_spreading": ("label spreading (sees the query)", "#8d99ae", "--"),
  "k_means_256": ("k-means, 256 centres", "#2e6f95", "-"),
  "sela": ("SeLa", "#3a9d8f", "-"),
  "vae": ("variational autoencoder", "#7b5ea7", "-"),
  "raw_inputs": ("pixels", "#555555", "-"),
  "supervised": ("network on the labels alone", "#e09f3e", "-"),
  "random_init": ("random network", "#aaaaaa", "-"),
}


class Accuracy(NamedTuple):
  """Accuracy of one method with one number of labels.

  Attributes:
    mean: Mean accuracy in percent.
    stderr: Standard error of the mean, in percentage points.
  """

  mean: float
  stderr: float


def read_table(text: str) -> tuple[list[int], dict[str, list[Accuracy]]]:
  """Reads a table of accuracies by method and number of labels.

  Args:
    text: Text of the page. The first table whose header contains "label per
      class" is read: a column of methods, then two columns for each number of
      labels, of which the first holds "mean +- standard error".

  Returns:
    Numbers of labels per class, and by method its accuracies in their order.

  Raises:
    ValueError: If there is no such table.
  """
  lines = iter(text.splitlines())
  header = next((line for line in lines if "label per class" in line), None)
  if header is None:
    raise ValueError(
      "Expected a table with a column '1 label per class'. "
      f"Received: text={text[:60]!r}"
    )
  numbers = [int(number) for number in re.findall(r"\| (\d+)\b", header)]
  accuracies = {}
  for line in lines:
    if not line.startswith("|"):
      break
    name = re.match(r"\| `(\w+)`", line)
    if name is None:  # The rule below the header.
      continue
    pairs = re.findall(r"\| (\d+\.\d) \+- (\d+\.\d) ", line)
    accuracies[name[1]] = [Accuracy(float(m), float(e)) for m, e in pairs]
  return numbers, accuracies


def accuracy_over_labels(
  numbers: list[int], accuracies: dict[str, list[Accuracy]]
) -> Figure:
  """Draws a curve per method, with its standard error as a band.

  Args:
    numbers: Numbers of labels per class.
    accuracies: Accuracies of each method, in the order of `numbers`.

  Returns:
    The figure.
  """
  figure = Figure(figsize=(7.2, 4.3), layout="constrained", dpi=130)
  axes = figure.subplots()
  shown = [name for name in _STYLES if name in accuracies]
  for name in sorted(shown, key=lambda name: -accuracies[name][0].mean):
    title, color, style = _STYLES[name]
    means = [each.mean for each in accuracies[name]]
    errors = [each.stderr for each in accuracies[name]]
    is_rule = name == "pooled"
    axes.plot(
      numbers,
      means,
      style,
      color=color,
      marker="o",
      markersize=6 if is_rule else 4,
      linewidth=3 if is_rule else 1.6,
      zorder=3 if is_rule else 2,
      label=title,
    )
    low = [mean - error for mean, error in zip(means, errors)]
    high = [mean + error for mean, error in zip(means, errors)]
    axes.fill_between(numbers, low, high, color=color, alpha=0.18, linewidth=0)
  axes.set_xscale("log")
  axes.set_xticks(numbers, [str(number) for number in numbers])
  axes.minorticks_off()
  axes.set_xlabel("labelled examples per class")
  axes.set_ylabel("accuracy on MNIST, %")
  axes.grid(alpha=0.25)
  for side in ("top", "right"):
    axes.spines[side].set_visible(False)
  axes.legend(loc="lower right", frameon=False)
  return figure


def main(argv: list[str]) -> None:
  """Writes the picture."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  text = pathlib.Path(_PAGE.value).read_text()
  figure = accuracy_over_labels(*read_table(text))
  pathlib.Path(_OUTPUT.value).parent.mkdir(parents=True, exist_ok=True)
  figure.savefig(_OUTPUT.value)
  print(f"Wrote {_OUTPUT.value}")


if __name__ == "__main__":
  app.run(main)
