# SPDX-License-Identifier: Apache-2.0
"""Table of a meta-training run for the terminal."""

from lurl_tf.meta import MetaMetrics, Summary
from lurl_tf.meta.runs.log import SUMMARY_STEPS
from lurl_tf.meta.runs.progress import format_seconds
from lurl_tf.tables import format_table


def report_run(summary: Summary) -> str:
  """Formats the results of a run as a table.

  Args:
    summary: `Summary` of the run.
  """
  if summary.first is None:
    return f"The run was done before: {summary.steps} outer steps."
  rows = [
    [name.replace("_", " "), f"{first:.4f}", f"{last:.4f}"]
    for name, first, last in zip(
      MetaMetrics._fields, summary.first, summary.last
    )
  ]
  headers = [
    "mean of",
    *(f"{w} {SUMMARY_STEPS} steps" for w in ("first", "last")),
  ]
  table = format_table(headers, rows)
  rates = ", ".join(f"{rate:.4g}" for rate in summary.inner_learning_rates)
  text = (
    f"{table}\n{summary.steps} outer steps in "
    f"{format_seconds(summary.seconds)}; inner learning rates: {rates}"
  )
  if summary.validations:
    rows = [
      [str(step), f"{score.loss:.4f}", f"{100 * score.accuracy:.1f}"]
      for step, score in summary.validations
    ]
    headers = ["validation at outer step", "loss", "accuracy in %"]
    text += f"\n\n{format_table(headers, rows)}"
  return text
