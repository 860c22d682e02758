# SPDX-License-Identifier: Apache-2.0
"""Which curves of a run TensorBoard shows together, under Custom Scalars."""

import re
from collections.abc import Iterable, Sequence

from experiments.common.results import DECISIVE_READOUT
from lurl_tf.meta.metrics import PartMetrics, mean_by
from lurl_tf.readouts import READOUTS
from lurl_tf.summaries import Chart


def curve_name(name: str) -> str:
  """A name that can be part of a curve's name on a chart.

  The page Custom Scalars of TensorBoard 2.21 draws no line on a chart that has
  a curve with parentheses in its name.

  Args:
    name: of a data set or bucket.

  Example:

  >>> from experiments.common.charts import curve_name
  >>> curve_name("mnist[train] (held_out)")
  'mnist[train] [held_out]'
  """
  return name.translate(str.maketrans("()", "[]"))


def part_curves(parts: Iterable[PartMetrics]) -> dict[str, float]:
  """Metrics of an outer step by data set and by bucket.

  Args:
    parts: of the step.

  Returns:
    Name of a curve to its value.
  """
  parts = tuple(parts)
  means = {
    "meta_by_data_set": mean_by(parts, lambda part: part.data_set),
    "meta_by_bucket": mean_by(parts, lambda part: part.bucket),
  }
  return {
    f"{kind}/{quantity}/{curve_name(name)}": value
    for kind, by_name in means.items()
    for name, metrics in by_name.items()
    for quantity, value in metrics._asdict().items()
  }


def meta_training_charts() -> dict[str, list[Chart]]:
  """Charts of what meta-training writes, the same for all runs.

  Returns:
    Title of a part of the page to its charts.
  """
  return {
    "Meta-training": [
      Chart("loss", ("meta/loss$", "validation/loss$")),
      Chart("accuracy", ("meta/accuracy$", "validation/accuracy$")),
    ],
    "By data set": [
      Chart(quantity, (f"meta_by_data_set/{quantity}/",))
      for quantity in ("loss", "accuracy")
    ],
    "By bucket": [
      Chart(quantity, (f"meta_by_bucket/{quantity}/",))
      for quantity in ("loss", "accuracy")
    ],
    "Rule": [
      Chart("mixture weights", ("mixture_weights/[^/]*$",)),
      Chart("inner learning rates", ("inner_learning_rate/",)),
    ],
  }


def suite_charts(names: Sequence[str]) -> dict[str, list[Chart]]:
  """Charts of accuracies of `experiments.watch`; baselines are other runs.

  Args:
    names: of the data sets.

  Returns:
    Title of a part of the page, one per data set, to its charts.
  """
  readouts = sorted(READOUTS, key=lambda readout: readout != DECISIVE_READOUT)
  prefixes = {name: re.escape(f"{curve_name(name)}/") for name in names}
  return {
    f"Accuracy on {name}": [
      Chart(readout, (f"{prefix}{readout}$",)) for readout in readouts
    ]
    for name, prefix in prefixes.items()
  }
