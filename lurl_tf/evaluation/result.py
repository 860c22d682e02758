# SPDX-License-Identifier: Apache-2.0
"""What an evaluation finds: a row per method, read-out and number of steps."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from lurl_tf.evaluation import statistics
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.statistics import PairedDifference
from lurl_tf.readouts import READOUTS

RAW_INPUTS = "raw_inputs"
RANDOM_INIT = "random_init"
UNTRAINED_RULE = "untrained_rule"
LEARNED_RULE = "learned_rule"


class Scores(NamedTuple):
  """Scores of one method after one number of steps.

  Attributes:
    accuracies: `[readouts, initial_weights, draws]`; `[readouts, 1, draws]`
      without initial weights.
    num_diverged: episodes whose features were not finite.
  """

  accuracies: np.ndarray
  num_diverged: int


class EvaluationRow(NamedTuple):
  """One method, number of inner steps and read-out.

  Attributes:
    method: its name.
    inner_steps: steps that its features are trained for; 0 for none.
    readout: one of `lurl_tf.readouts.ridge.READOUTS`.
    accuracies: `[initial_weights, draws]`; `[1, draws]` for raw inputs, which
      have no initial weights.
    accuracy_mean: mean over all episodes.
    accuracy_stderr: its standard error; the unit is the initial weights, or
      the draw where there are none.
    to_random_init: difference to random initial features, same draws.
    to_untrained_rule: difference of another rule to the untrained one after as
      many steps; None for what is no rule, and if that was not evaluated.
    num_diverged: episodes whose features were not finite; they are scored as
      constant features.
  """

  method: str
  inner_steps: int
  readout: str
  accuracies: np.ndarray
  accuracy_mean: float
  accuracy_stderr: float
  to_random_init: PairedDifference
  to_untrained_rule: PairedDifference | None
  num_diverged: int


class EvaluationResult(NamedTuple):
  """All rows: by method, then by read-out, then by inner steps.

  Attributes:
    config: how it was evaluated.
    rows: `EvaluationRow` for every method, read-out and number of steps.
  """

  config: EvaluationConfig
  rows: tuple[EvaluationRow, ...]

  def row(self, method: str, readout: str, inner_steps: int) -> EvaluationRow:
    """The row of a method, read-out and number of inner steps."""
    wanted = (method, inner_steps, readout)
    return next(row for row in self.rows if row[:3] == wanted)


def compare_methods(
  scores: Mapping[tuple[str, int], Scores], config: EvaluationConfig
) -> Iterator[EvaluationRow]:
  """Turns scores into rows.

  Args:
    scores: by method and number of inner steps, methods in the order of the
      rows, steps ascending; `(RANDOM_INIT, 0)` among them.
    config: how they were found.

  Yields:
    An `EvaluationRow` for every method, read-out and number of steps.
  """
  for method in dict.fromkeys(method for method, _ in scores):
    own_scores = [(key[1], scores[key]) for key in scores if key[0] == method]
    for index, readout in enumerate(READOUTS):
      for inner_steps, own in own_scores:
        untrained = None
        if method not in (RAW_INPUTS, RANDOM_INIT, UNTRAINED_RULE):
          untrained = scores.get((UNTRAINED_RULE, inner_steps))
        accuracies = own.accuracies[index]
        yield EvaluationRow(
          method,
          inner_steps,
          readout,
          accuracies,
          statistics.accuracy_mean(accuracies),
          statistics.accuracy_stderr(accuracies),
          _compare(accuracies, scores[RANDOM_INIT, 0], index, config.seed),
          untrained and _compare(accuracies, untrained, index, config.seed),
          own.num_diverged,
        )


def _compare(
  accuracies: np.ndarray, other: Scores, readout_index: int, seed: int
) -> PairedDifference:
  return statistics.paired_difference(
    accuracies, other.accuracies[readout_index], seed
  )
