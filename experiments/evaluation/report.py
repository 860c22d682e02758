# SPDX-License-Identifier: Apache-2.0
"""An evaluation as JSON for programs and as tables for people."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.common.results import (
  DECISIVE_READOUT,
  format_accuracy,
  format_difference,
  format_table,
)
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  EvaluationResult,
  EvaluationRow,
)
from lurl_tf.readouts import READOUTS

DEVELOPMENT_DATASET = "lurl_digits"


def as_json(
  result: EvaluationResult, dataset: str, rule: str
) -> dict[str, Any]:
  """The results for `--results`.

  Args:
    result: of `lurl_tf.evaluation.evaluate`.
    dataset: name of the data set.
    rule: name or path of the rule.

  Returns:
    Plain values. `per_episode` lists the draws of the first initial weights,
    then those of the second, and so on. Accuracies and differences are shares,
    not per cent. Rows of the learned rule also hold its paired difference to
    the untrained rule.
  """
  return {
    "dataset": dataset,
    "rule": rule,
    "examples_per_class": result.config.examples_per_class,
    "episodes": result.config.num_episodes,
    "rows": [_json_row(row, result) for row in result.rows],
  }


def as_text(result: EvaluationResult, dataset: str, rule: str) -> str:
  """The results for people: what was done, two or three tables, a verdict.

  Args:
    result: of `lurl_tf.evaluation.evaluate`.
    dataset: name of the data set.
    rule: name or path of the rule.

  Returns:
    Several lines.
  """
  config = result.config
  parts = [
    f"Rule {rule} on {dataset}: {config.num_episodes} episodes "
    f"({config.initial_weights} initial weights x {config.label_draws} label "
    f"draws), {config.examples_per_class} labelled examples per class.\n"
    "Support and unlabelled batches: training split; query: the whole test "
    "split.",
  ]
  if dataset.partition(":")[0] == DEVELOPMENT_DATASET:
    parts.append(
      f"{DEVELOPMENT_DATASET} is development data, not a held-out test: "
      "choices were made by looking at it."
    )
  parts.append(
    _table(
      "Accuracy in % +- standard error (its unit is the initial weights; for "
      "raw_inputs, which has none, the label draw)",
      result,
      lambda row: format_accuracy(row.accuracy_mean, row.accuracy_stderr),
    )
  )
  parts.append(
    _table(
      "Difference to random_init on the same draws, in points [95 % interval]",
      result,
      lambda row: (
        None
        if row.method == RANDOM_INIT
        else format_difference(row.to_random_init)
      ),
    )
  )
  if any(row.to_untrained_rule for row in result.rows):
    parts.append(
      _table(
        "Difference to untrained_rule on the same draws and steps, in points "
        "[95 % interval]",
        result,
        lambda row: (
          row.to_untrained_rule and format_difference(row.to_untrained_rule)
        ),
      )
    )
  parts += [*_warnings(result), *_verdicts(result)]
  return "\n\n".join(parts)


def _json_row(row: EvaluationRow, result: EvaluationResult) -> dict[str, Any]:
  config = result.config
  per_episode = np.broadcast_to(
    row.accuracies, (config.initial_weights, config.label_draws)
  )
  fields = {
    "method": row.method,
    "inner_steps": row.inner_steps,
    "readout": row.readout,
    "accuracy_mean": row.accuracy_mean,
    "accuracy_stderr": row.accuracy_stderr,
    "difference_to_random_init": row.to_random_init.difference,
    "interval": row.to_random_init.interval,
    "per_episode": per_episode.ravel().tolist(),
  }
  if row.to_untrained_rule is not None:
    fields["difference_to_untrained_rule"] = row.to_untrained_rule.difference
    fields["interval_to_untrained_rule"] = row.to_untrained_rule.interval
  return fields


def _table(
  title: str,
  result: EvaluationResult,
  cell: Callable[[EvaluationRow], str | None],
) -> str:
  """A line per method and number of steps, a column per read-out."""
  lines = []
  for key in dict.fromkeys((row[:2]) for row in result.rows):
    cells = [cell(result.row(key[0], readout, key[1])) for readout in READOUTS]
    if all(cells):
      lines.append([*key, *cells])
  headers = ["method", "inner steps", *READOUTS]
  return f"{title}\n{format_table(headers, lines)}"


def _warnings(result: EvaluationResult) -> list[str]:
  diverged = dict.fromkeys(
    (row.method, row.inner_steps, row.num_diverged)
    for row in result.rows
    if row.num_diverged
  )
  return [
    f"Warning: features of {method} after {steps} inner steps were not finite "
    f"in {number} of {result.config.num_episodes} episodes; they count as "
    "constant features."
    for method, steps, number in diverged
  ]


def _verdicts(result: EvaluationResult) -> list[str]:
  """Sentences on the learned rule after its last step."""
  last_step = result.config.inner_steps[-1]
  if not any(row.method == LEARNED_RULE for row in result.rows):
    return []
  row = result.row(LEARNED_RULE, DECISIVE_READOUT, last_step)
  comparisons = [("random init", row.to_random_init)]
  if row.to_untrained_rule is not None:
    comparisons.append(("untrained rule", row.to_untrained_rule))
  lines = [
    f"learned rule beats {other}: {'yes' if paired.interval[0] > 0 else 'no'} "
    f"({DECISIVE_READOUT}, {last_step} inner steps: "
    f"{100 * paired.difference:+.1f} points "
    f"[{100 * paired.interval[0]:+.1f}, {100 * paired.interval[1]:+.1f}])"
    for other, paired in comparisons
  ]
  return ["\n".join(lines)]
