# SPDX-License-Identifier: Apache-2.0
"""An evaluation as JSON for programs and as tables for people."""

from typing import Any

import numpy as np

from experiments.common.results import DECISIVE_READOUT
from lurl_tf.evaluation import (
  LEARNED_RULE,
  RANDOM_INIT,
  RAW_INPUTS,
  UNTRAINED_RULE,
  ComparisonResult,
  Score,
)
from lurl_tf.evaluation.comparison_result import (
  format_accuracy,
  format_difference,
  score_table,
)
from lurl_tf.evaluation.statistics import PairedDifference

DEVELOPMENT_DATASET = "lurl_digits"


def as_json(
  result: ComparisonResult, dataset: str, rule: str
) -> dict[str, Any]:
  """Returns the results for `--results`.

  Args:
    result: Result of the evaluation.
    dataset: Name of the data set.
    rule: Name or path of the rule.

  Returns:
    Plain values, with rows by method, read-out and inner steps. `per_episode`
    lists the draws of the first initial weights, then those of the second, and
    so on. Accuracies and differences are in [0, 1]. Rows of the learned rule
    also contain its paired difference to the untrained rule.
  """
  methods = list(dict.fromkeys(score.method for score in result.scores))
  readouts = list(dict.fromkeys(score.readout for score in result.scores))
  rows = sorted(
    result.scores,
    key=lambda score: (
      methods.index(score.method),
      readouts.index(score.readout),
    ),
  )
  return {
    "dataset": dataset,
    "rule": rule,
    "examples_per_class": result.config.examples_per_class,
    "episodes": result.config.num_episodes,
    "rows": [_json_row(row, result) for row in rows],
  }


def as_text(result: ComparisonResult, dataset: str, rule: str) -> str:
  """Returns the results as text: the protocol, tables and conclusions.

  Args:
    result: Result of the evaluation.
    dataset: Name of the data set.
    rule: Name or path of the rule.

  Returns:
    Several lines.
  """
  config, scores = result.config, result.scores
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
    "Accuracy in % +- standard error (its unit is the initial weights; for "
    "raw_inputs, which has none, the label draw)\n"
    + score_table(
      scores, lambda score: format_accuracy(score.mean, score.stderr)
    )
  )
  parts.append(
    "Difference to random_init on the same draws, in points [95 % interval]\n"
    + score_table(
      scores,
      lambda score: (
        None
        if score.method == RANDOM_INIT
        else format_difference(to_random_init(score, result))
      ),
    )
  )
  if any(to_untrained_rule(score, result) for score in scores):

    def difference(score):
      paired = to_untrained_rule(score, result)
      return paired and format_difference(paired)

    parts.append(
      "Difference to untrained_rule on the same draws and steps, in points "
      f"[95 % interval]\n{score_table(scores, difference)}"
    )
  parts += [*_warnings(result), *_verdicts(result)]
  return "\n\n".join(parts)


def to_random_init(score: Score, result: ComparisonResult) -> PairedDifference:
  """Returns the difference to random initial features on the same draws.

  Args:
    score: Score of a method.
    result: Result that also contains random initial features.
  """
  other = result.score(RANDOM_INIT, score.readout)
  return score.difference(other, result.config.seed)


def to_untrained_rule(
  score: Score, result: ComparisonResult
) -> PairedDifference | None:
  """Returns the difference to the untrained rule after as many steps.

  Args:
    score: Score of a method.
    result: Result that contains `score`.

  Returns:
    The difference on the same draws; None for a method that is no learned
    rule, and if the untrained rule was not evaluated.
  """
  if score.method in (RAW_INPUTS, RANDOM_INIT, UNTRAINED_RULE):
    return None
  if all(other.method != UNTRAINED_RULE for other in result.scores):
    return None
  other = result.score(UNTRAINED_RULE, score.readout, score.inner_steps)
  return score.difference(other, result.config.seed)


def _json_row(score: Score, result: ComparisonResult) -> dict[str, Any]:
  config = result.config
  per_episode = np.broadcast_to(
    score.accuracies, (config.initial_weights, config.label_draws)
  )
  to_random = to_random_init(score, result)
  fields = {
    "method": score.method,
    "inner_steps": score.inner_steps,
    "readout": score.readout,
    "accuracy_mean": score.mean,
    "accuracy_stderr": score.stderr,
    "difference_to_random_init": to_random.difference,
    "interval": to_random.interval,
    "per_episode": per_episode.ravel().tolist(),
  }
  to_untrained = to_untrained_rule(score, result)
  if to_untrained is not None:
    fields["difference_to_untrained_rule"] = to_untrained.difference
    fields["interval_to_untrained_rule"] = to_untrained.interval
  return fields


def _warnings(result: ComparisonResult) -> list[str]:
  diverged = dict.fromkeys(
    (score.method, score.inner_steps, score.num_diverged)
    for score in result.scores
    if score.num_diverged
  )
  return [
    f"Warning: features of {method} after {steps} inner steps were not finite "
    f"in {number} of {result.config.num_episodes} episodes; they count as "
    "constant features."
    for method, steps, number in diverged
  ]


def _verdicts(result: ComparisonResult) -> list[str]:
  """Conclusions on the learned rule after its last step."""
  if not any(score.method == LEARNED_RULE for score in result.scores):
    return []
  score = result.score(LEARNED_RULE, DECISIVE_READOUT)
  differences = {
    "random init": to_random_init(score, result),
    "untrained rule": to_untrained_rule(score, result),
  }
  return [
    "\n".join(
      f"learned rule beats {other}: "
      f"{'yes' if paired.interval[0] > 0 else 'no'} ({DECISIVE_READOUT}, "
      f"{score.inner_steps} inner steps: {100 * paired.difference:+.1f} points "
      f"[{100 * paired.interval[0]:+.1f}, {100 * paired.interval[1]:+.1f}])"
      for other, paired in differences.items()
      if paired is not None
    )
  ]
