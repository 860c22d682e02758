# SPDX-License-Identifier: Apache-2.0
"""Charts of an evaluation on the page Custom Scalars of TensorBoard."""

import re
from collections.abc import Sequence

from experiments.common.results import DECISIVE_READOUT
from lurl_tf.meta.runs.curves import curve_name
from lurl_tf.readouts import READOUTS
from lurl_tf.summaries import Chart


def suite_charts(names: Sequence[str]) -> dict[str, list[Chart]]:
  """Lists the charts of a run's accuracies, and of those of the baselines.

  Args:
    names: Names of the data sets.

  Returns:
    Dict from the title of a section, one per data set, to its charts.
  """
  readouts = sorted(READOUTS, key=lambda readout: readout != DECISIVE_READOUT)
  prefixes = {name: re.escape(f"{curve_name(name)}/") for name in names}
  return {
    f"Accuracy on {name}": [
      Chart(readout, (f"{prefix}{readout}$",)) for readout in readouts
    ]
    for name, prefix in prefixes.items()
  }
