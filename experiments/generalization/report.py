# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a rule outside its meta-training: rows, a table and JSON."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.common.results import DECISIVE_READOUT
from experiments.generalization.sweeps import Setting
from lurl_tf.evaluation import RANDOM_INIT, ComparisonResult, Score
from lurl_tf.evaluation.comparison_result import (
  format_accuracy,
  format_difference,
)
from lurl_tf.evaluation.statistics import PairedDifference, paired_difference
from lurl_tf.readouts import READOUTS
from lurl_tf.tables import format_table


class GeneralizationRow(NamedTuple):
  """Result of a rule in one setting, by number of inner steps and read-out.

  Attributes:
    rule: Name of the rule.
    setting: Setting of the evaluation.
    learned: Scores of the rule's features.
    random_init: Scores of the same network before the first step.
    to_trained: Gain over random init minus the gain in the trained setting, on
      the same draws; None in the trained setting and on other data.
    kept: Gain divided by the gain in the trained setting; None on other data,
      and if the interval of the trained setting's gain includes 0.
    accuracy_to_trained: Accuracy minus the accuracy in the trained setting;
      None where `to_trained` is None.
  """

  rule: str
  setting: Setting
  learned: Score
  random_init: Score
  to_trained: PairedDifference | None
  kept: float | None
  accuracy_to_trained: PairedDifference | None

  @property
  def gain(self) -> PairedDifference:
    """Gain over random init."""
    return self.learned.difference(self.random_init, self.setting.config.seed)

  @property
  def value(self) -> int | str:
    """Value of the sweep that belongs to the row."""
    if self.setting.sweep in ("steps", "text"):
      return self.learned.inner_steps
    return self.setting.value


def make_rows(
  rule: str,
  method: str,
  setting: Setting,
  result: ComparisonResult,
  trained: ComparisonResult,
) -> list[GeneralizationRow]:
  """Makes the rows of one setting, ordered by number of steps and read-out.

  Args:
    rule: Name of the rule.
    method: Name of the rule in `result`.
    setting: Setting that was evaluated.
    result: Result in this setting.
    trained: Result in the trained setting.

  Returns:
    Rows of the setting.
  """
  horizon = result.config.horizon
  steps = result.config.inner_steps
  if setting.sweep not in ("steps", "text"):
    steps = (horizon,)
  rows = []
  for inner_steps in steps:
    for readout in READOUTS:
      own = _both(result, method, readout, inner_steps)
      reference = _both(trained, method, readout, horizon)
      is_reference = setting.is_trained and inner_steps == horizon
      accuracy_to_trained, to_trained, kept = None, None, None
      if setting.sweep != "text":
        if not is_reference:
          accuracy_to_trained, to_trained = (
            paired_difference(one, other, result.config.seed)
            for one, other in (
              (own[0].accuracies, reference[0].accuracies),
              (_gains(*own), _gains(*reference)),
            )
          )
        least = reference[0].difference(reference[1], result.config.seed)
        if least.interval[0] > 0:
          gain = own[0].difference(own[1], result.config.seed)
          kept = gain.difference / least.difference
      rows.append(
        GeneralizationRow(
          rule, setting, *own, to_trained, kept, accuracy_to_trained
        )
      )
  return rows


def as_text(rows: Sequence[GeneralizationRow]) -> str:
  """Formats a table of the decisive read-out, with an explanation.

  Args:
    rows: Rows of all rules and settings.

  Returns:
    Several lines.
  """
  decisive = [row for row in rows if row.learned.readout == DECISIVE_READOUT]
  lines = [
    (
      row.rule,
      row.setting.sweep,
      f"{_shown_value(row)}{'*' if _is_reference(row) else ''}",
      "-".join(map(str, row.setting.config.units)),
      row.learned.inner_steps,
      *(
        format_accuracy(each.mean, each.stderr)
        for each in (row.learned, row.random_init)
      ),
      format_difference(row.gain),
      row.to_trained and format_difference(row.to_trained) or "-",
      "-" if row.kept is None else f"{100 * row.kept:.0f}",
    )
    for row in decisive
  ]
  headers = (
    "rule",
    "sweep",
    "value",
    "units",
    "inner steps",
    "accuracy",
    "random init",
    "gain [95 % interval]",
    "to trained [95 % interval]",
    "kept %",
  )
  return "\n\n".join(
    [
      f"Accuracy in % +- standard error ({DECISIVE_READOUT}), beside the same "
      "network with random weights on the same draws. Gains are in points, and "
      "compared with the gain in the setting of the meta-training (*).",
      format_table(headers, lines),
      *_verdicts(decisive),
      *_warnings(decisive),
    ]
  )


def as_json(rows: Sequence[GeneralizationRow]) -> list[dict[str, Any]]:
  """Returns the rows of all read-outs for `--results`.

  Args:
    rows: Rows of all rules and settings.

  Returns:
    Values that JSON can hold; accuracies are between 0 and 1.
  """
  return [
    {
      "rule": row.rule,
      "sweep": row.setting.sweep,
      "value": row.value,
      "is_trained_setting": _is_reference(row),
      "dataset": row.setting.dataset,
      "image_size": row.setting.image_size,
      "units": row.setting.config.units,
      "activation": row.setting.config.activation,
      "permuted": row.setting.config.permute_inputs,
      "inner_steps": row.learned.inner_steps,
      "examples_per_class": row.setting.config.examples_per_class,
      "readout": row.learned.readout,
      "accuracy_mean": row.learned.mean,
      "accuracy_stderr": row.learned.stderr,
      "random_init_mean": row.random_init.mean,
      "random_init_stderr": row.random_init.stderr,
      "gain": row.gain.difference,
      "gain_interval": row.gain.interval,
      "gain_to_trained": row.to_trained and row.to_trained.difference,
      "gain_to_trained_interval": row.to_trained and row.to_trained.interval,
      "kept": row.kept,
      "accuracy_to_trained": (
        row.accuracy_to_trained and row.accuracy_to_trained.difference
      ),
      "accuracy_to_trained_interval": (
        row.accuracy_to_trained and row.accuracy_to_trained.interval
      ),
      "num_diverged": row.learned.num_diverged,
      "per_episode": row.learned.accuracies.tolist(),
      "random_init_per_episode": row.random_init.accuracies.tolist(),
    }
    for row in rows
  ]


def _both(result, method, readout, inner_steps):
  return (
    result.score(method, readout, inner_steps),
    result.score(RANDOM_INIT, readout, 0),
  )


def _gains(learned: Score, random_init: Score) -> np.ndarray:
  return learned.accuracies - random_init.accuracies


def _is_reference(row: GeneralizationRow) -> bool:
  horizon = row.setting.config.horizon
  return row.setting.is_trained and row.learned.inner_steps == horizon


def _shown_value(row: GeneralizationRow) -> int | str:
  return row.setting.value if row.setting.sweep == "text" else row.value


def _verdicts(rows: Sequence[GeneralizationRow]) -> list[str]:
  """Compares accuracies of permuted inputs with those in the stored order."""
  return [
    f"{row.rule}: accuracy on inputs in their stored order minus accuracy on "
    f"permuted inputs: {format_difference(row.accuracy_to_trained)}"
    for row in rows
    if row.setting.sweep == "permutation" and row.accuracy_to_trained
  ]


def _warnings(rows: Sequence[GeneralizationRow]) -> list[str]:
  return [
    f"Warning: {row.rule}, {row.setting.sweep} {row.value}: features were not "
    f"finite in {row.learned.num_diverged} of "
    f"{row.learned.accuracies.size} episodes; they count as constant features."
    for row in rows
    if row.learned.num_diverged
  ]
