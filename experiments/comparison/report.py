# SPDX-License-Identifier: Apache-2.0
"""A comparison as JSON for programs and as tables for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lurl_tf.evaluation.comparison_result import (
  format_accuracy,
  format_difference,
)
from lurl_tf.evaluation.comparison_scores import (
  OWN_READOUT,
  Contest,
  Layers,
  Score,
  best_scores,
  contests,
)
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.readouts import COMPARED_READOUTS
from lurl_tf.tables import format_table

TRANSDUCTIVE_MARK = "*"


def as_json(
  scores: Sequence[Score],
  reference: str,
  dataset: str,
  config: EvaluationConfig,
  options: Mapping[str, str],
) -> dict[str, Any]:
  """Returns the results for `--results`.

  Args:
    scores: Scores of all methods.
    reference: Name of the method that the others are compared with.
    dataset: Name of the data set.
    config: Base network and draws.
    options: Options of the baselines as text, by name.

  Returns:
    Plain values. `accuracies` of a score has a list per set of initial weights,
    with a number per label draw. Accuracies and differences are in [0, 1].
  """
  return {
    "dataset": dataset,
    "reference": reference,
    "units": list(config.units),
    "activation": config.activation,
    "initial_weights": config.initial_weights,
    "label_draws": config.label_draws,
    "seed": config.seed,
    "options": dict(options),
    "scores": [score_as_json(score) for score in scores],
    "contests": [
      _json_contest(contest)
      for own in _by_examples(scores).values()
      for contest in contests(own, reference, config.seed)
    ],
  }


def score_as_json(score: Score) -> dict[str, Any]:
  """Returns one score for `--results`.

  Args:
    score: Score of a method, number of labels, choice of layers and read-out.

  Returns:
    Plain values, see `as_json`.
  """
  return {
    "method": score.method,
    "examples_per_class": score.examples_per_class,
    "layers": score.layers,
    "readout": score.readout,
    "accuracy_mean": score.mean,
    "accuracy_stderr": score.stderr,
    "dimension": score.dimension,
    "fit_seconds": score.fit_seconds,
    "is_transductive": score.is_transductive,
    "num_diverged": score.num_diverged,
    "accuracies": np.asarray(score.accuracies, float).tolist(),
  }


def as_text(
  scores: Sequence[Score],
  reference: str,
  dataset: str,
  config: EvaluationConfig,
) -> str:
  """Returns the results as text: tables of accuracies and differences.

  Args:
    scores: Scores of all methods.
    reference: Name of the method that the others are compared with.
    dataset: Name of the data set.
    config: Base network and draws.

  Returns:
    Several lines.
  """
  network = "-".join(map(str, config.units))
  parts = [
    f"{dataset}, base network {network} {config.activation}: "
    f"{config.initial_weights} initial weights x {config.label_draws} label "
    "draws.\nUnlabelled and labelled examples: training split; query: the "
    "whole test split."
  ]
  for per_class, own in _by_examples(scores).items():
    parts.append(
      f"{per_class} labelled examples per class: accuracy in % +- standard "
      f"error\n{_accuracy_table(own)}"
    )
    found = contests(own, reference, config.seed)
    if found:
      parts.append(
        f"{per_class} labelled examples per class: {reference} minus each "
        "method, both at their best, in points [95 % interval]; bootstrap "
        f"p-values, adjusted for all rows (Holm)\n{_contest_table(found)}"
      )
  return "\n\n".join([*parts, *_notes(scores)])


def _by_examples(scores: Sequence[Score]) -> dict[int, list[Score]]:
  numbers = sorted({score.examples_per_class for score in scores})
  return {
    number: [s for s in scores if s.examples_per_class == number]
    for number in numbers
  }


def _accuracy_table(scores: Sequence[Score]) -> str:
  """Formats a line per method and choice of layers."""
  best = best_scores(scores)
  columns = [*COMPARED_READOUTS, OWN_READOUT]
  lines: dict[tuple[str, Layers], list[object]] = {}
  for score in scores:
    line = lines.setdefault(
      (score.method, score.layers),
      [
        score.method + TRANSDUCTIVE_MARK * score.is_transductive,
        score.layers,
        score.dimension,
        f"{score.fit_seconds:.1f}",
        *[""] * len(columns),
      ],
    )
    mark = "!" if score is best[score.method] else ""
    text = format_accuracy(score.mean, score.stderr)
    line[4 + columns.index(score.readout)] = f"{mark}{text}"
  headers = ["method", "layers", "features", "fit s", *columns]
  return format_table(headers, list(lines.values()))


def _contest_table(found: Sequence[Contest]) -> str:
  headers = ["method", "its best", "accuracy", "difference", "p (Holm)"]
  rows = [
    [
      contest.best.method + TRANSDUCTIVE_MARK * contest.best.is_transductive,
      f"{contest.best.readout}, {contest.best.layers}",
      f"{100 * contest.best.mean:.1f}",
      format_difference(contest.gain),
      f"{contest.p_value:.4f}",
    ]
    for contest in found
  ]
  return format_table(headers, rows)


def _notes(scores: Sequence[Score]) -> list[str]:
  notes = [
    "! marks the best read-out and layers of a method, chosen on the query set "
    "for all methods. The unit of the standard error is the initial weights; "
    "for methods without a seed, it is the label draw."
  ]
  if any(score.is_transductive for score in scores):
    notes.append(
      f"{TRANSDUCTIVE_MARK} marks transductive methods, which are also fitted "
      "on the query inputs."
    )
  diverged = dict.fromkeys(
    (score.method, score.examples_per_class, score.num_diverged)
    for score in scores
    if score.num_diverged
  )
  notes += [
    f"Warning: features of {method} were not finite in {number} episodes of "
    f"{per_class} examples per class; they count as constant features."
    for method, per_class, number in diverged
  ]
  return notes


def _json_contest(contest: Contest) -> dict[str, Any]:
  best = contest.best
  return {
    "method": best.method,
    "examples_per_class": best.examples_per_class,
    "layers": best.layers,
    "readout": best.readout,
    "difference": contest.gain.difference,
    "interval": contest.gain.interval,
    "p_value": contest.p_value,
  }
