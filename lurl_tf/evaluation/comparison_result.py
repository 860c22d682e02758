# SPDX-License-Identifier: Apache-2.0
"""Result of a comparison, and its tables."""

import dataclasses
from collections.abc import Callable, Iterable

from lurl_tf.evaluation.comparison_scores import Score
from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.statistics import PairedDifference
from lurl_tf.tables import format_table


@dataclasses.dataclass(frozen=True)
class ComparisonResult:
  """Scores of all methods on the same draws.

  Attributes:
    config: Base network, inner training, draws and seed.
    scores: Scores by method, number of inner steps, number of labels and
      read-out.
  """

  config: EvaluationConfig
  scores: tuple[Score, ...]

  def score(
    self,
    method: str,
    readout: str = "ridge_loo",
    inner_steps: int | None = None,
    examples_per_class: int | None = None,
  ) -> Score:
    """Returns one score.

    Args:
      method: Name of the method.
      readout: Name of the read-out.
      inner_steps: Number of inner steps; None for the largest.
      examples_per_class: Number of labels per class; None for the largest.

    Returns:
      The `Score`.

    Raises:
      LookupError: If the result has no such score.
    """
    found = [
      score
      for score in self.scores
      if (score.method, score.readout) == (method, readout)
      and inner_steps in (None, score.inner_steps)
      and examples_per_class in (None, score.examples_per_class)
    ]
    if not found:
      methods = ", ".join(dict.fromkeys(each.method for each in self.scores))
      raise LookupError(
        f"Expected a score of the methods {methods}. Received: "
        f"method={method!r}, readout={readout!r}, inner_steps={inner_steps}, "
        f"examples_per_class={examples_per_class}"
      )
    return max(
      found, key=lambda each: (each.inner_steps, each.examples_per_class)
    )

  def table(self) -> str:
    """Returns the accuracies as text, a table per number of labels."""
    numbers = dict.fromkeys(score.examples_per_class for score in self.scores)
    return "\n\n".join(
      f"Accuracy in % +- standard error, {number} labelled examples per class\n"
      + score_table(
        (each for each in self.scores if each.examples_per_class == number),
        lambda score: format_accuracy(score.mean, score.stderr),
      )
      for number in sorted(numbers)
    )


def score_table(
  scores: Iterable[Score], cell: Callable[[Score], str | None]
) -> str:
  """Formats scores: a row per method and inner steps, a column per read-out.

  Args:
    scores: Scores with one number of labels and one choice of layers.
    cell: Function from a score to its text; None leaves the row out.

  Returns:
    Lines of the table.
  """
  scores = tuple(scores)
  columns = list(dict.fromkeys(score.readout for score in scores))
  rows: dict[tuple[str, int], list[str | None]] = {}
  for score in scores:
    key = score.method, score.inner_steps
    row = rows.setdefault(key, [""] * len(columns))
    row[columns.index(score.readout)] = cell(score)
  lines = [[*key, *row] for key, row in rows.items() if None not in row]
  return format_table(["method", "inner steps", *columns], lines)


def format_accuracy(mean: float, stderr: float) -> str:
  """Formats an accuracy in % with its standard error.

  Args:
    mean: Accuracy in [0, 1].
    stderr: Standard error of `mean`.

  Returns:
    Text such as `81.4 +- 0.3`.
  """
  return f"{100 * mean:.1f} +- {100 * stderr:.1f}"


def format_difference(paired: PairedDifference) -> str:
  """Formats a difference of accuracies in points with its interval.

  Args:
    paired: Difference of accuracies in [0, 1].

  Returns:
    Text such as `+4.1 [+2.0, +6.3]`.
  """
  low, high = paired.interval
  return f"{100 * paired.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
