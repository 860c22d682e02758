# SPDX-License-Identifier: Apache-2.0
"""Tables and JSON of `experiments.objective_mismatch`."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.common.results import DECISIVE_READOUT
from experiments.comparison.report import score_as_json
from experiments.mismatch.measures import BothOrders, EpochScores
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.evaluation.comparison_result import (
  format_accuracy,
  format_difference,
)
from lurl_tf.evaluation.comparison_scores import Score
from lurl_tf.evaluation.statistics import PairedDifference, paired_difference
from lurl_tf.readouts import COMPARED_READOUTS
from lurl_tf.tables import format_table

# Prototypical networks are trained for this read-out.
PROTOTYPES_READOUT = "nearest_mean"
_MOST_LINES = 12


@dataclasses.dataclass
class Mismatch:
  """Measurements so far.

  Attributes:
    dataset: Name of the data set.
    tasks: Name of the task distribution on which baselines are meta-trained.
    config: Base network and draws.
    epochs: Scores of the autoencoder after every epoch.
    methods: Scores on inputs in both orders, random features first.
  """

  dataset: str
  tasks: str
  config: EvaluationConfig
  epochs: list[EpochScores] = dataclasses.field(default_factory=list)
  methods: list[BothOrders] = dataclasses.field(default_factory=list)

  @property
  def has_methods(self) -> bool:
    """True if methods other than random features were scored."""
    return len(self.methods) > 1


class Decline(NamedTuple):
  """Change from the epoch of the best features to the last epoch.

  Attributes:
    epochs: Best epochs `[t]`, one per set of initial weights. Each is selected
      with the accuracies of all other sets, since a selection with its own
      would be biased upwards.
    accuracy: Accuracy after the last epoch minus that after the best epoch.
    loss: Loss on held-out examples after the last epoch minus that after the
      best epoch.
  """

  epochs: np.ndarray
  accuracy: PairedDifference
  loss: PairedDifference


def decline(
  epochs: Sequence[EpochScores], readout: str = DECISIVE_READOUT, seed: int = 0
) -> Decline | None:
  """Measures the change from the best to the last epoch of a training.

  Args:
    epochs: Scores after all epochs, in order.
    readout: Name of the read-out.
    seed: Integer seed of the bootstrap.

  Returns:
    The change; None with fewer than two epochs or sets of initial weights.
  """
  if len(epochs) < 2 or len(epochs[0].losses) < 2:
    return None
  accuracies = np.stack(
    [last_layer(epoch.scores, readout).accuracies for epoch in epochs]
  )
  losses = np.stack([epoch.losses for epoch in epochs])
  by_weights = accuracies.mean(axis=2)
  others = by_weights.sum(axis=1, keepdims=True) - by_weights
  best = np.argmax(others, axis=0)
  own = np.arange(len(best))
  return Decline(
    np.array([epochs[index].number for index in best]),
    paired_difference(accuracies[-1], accuracies[best, own], seed),
    paired_difference(losses[-1][:, None], losses[best, own][:, None], seed),
  )


def last_layer(
  scores: Iterable[Score], readout: str = DECISIVE_READOUT
) -> Score:
  """Returns the score of the last layer's features.

  Args:
    scores: Scores of one method.
    readout: Name of the read-out.

  Returns:
    Score of the last layer by the read-out.
  """
  wanted = ("last", readout)
  return next(each for each in scores if (each.layers, each.readout) == wanted)


def as_json(mismatch: Mismatch) -> dict[str, Any]:
  """Returns the measurements for `--results`.

  Args:
    mismatch: Measurements to return.

  Returns:
    Values that JSON can hold; accuracies and their differences are between -1
    and 1, losses are in nats.
  """
  config = mismatch.config
  return {
    "dataset": mismatch.dataset,
    "tasks": mismatch.tasks,
    "units": config.units,
    "activation": config.activation,
    "examples_per_class": config.examples_per_class,
    "initial_weights": config.initial_weights,
    "label_draws": config.label_draws,
    "seed": config.seed,
    "training": [
      {
        "epoch": epoch.number,
        "losses": epoch.losses.tolist(),
        "loss_mean": float(np.mean(epoch.losses)),
        "scores": [score_as_json(score) for score in epoch.scores],
      }
      for epoch in mismatch.epochs
    ],
    "declines": {
      readout: {
        "best_epochs": found.epochs.tolist(),
        "accuracy": found.accuracy._asdict(),
        "loss": found.loss._asdict(),
      }
      for readout, found in _declines(mismatch).items()
    },
    "permutation": [
      {
        "method": method.method,
        "own_order": [score_as_json(score) for score in method.own],
        "permuted": [score_as_json(score) for score in method.permuted],
        "permuted_less_own_order": {
          readout: _change(method, readout, config.seed)._asdict()
          for readout in COMPARED_READOUTS
        },
      }
      for method in mismatch.methods
    ],
  }


def as_text(mismatch: Mismatch) -> str:
  """Formats the tables of the measurements.

  Args:
    mismatch: Measurements to format.

  Returns:
    Several lines.
  """
  config = mismatch.config
  network = "-".join(map(str, config.units))
  parts = [
    f"{mismatch.dataset}, {network} {config.activation}: "
    f"{config.initial_weights} initial weights x {config.label_draws} label "
    f"draws, {config.examples_per_class} labelled examples per class. Accuracy "
    "of the last layer's features in %"
  ]
  if mismatch.epochs:
    parts.append(_training_table(mismatch.epochs))
    parts.append(_decline_table(mismatch))
  if mismatch.has_methods:
    parts.append(_permutation_table(mismatch.methods, config.seed))
    parts.append(
      f"Prototypical networks are meta-trained on {mismatch.tasks}: protonets "
      "with the stored order of inputs, protonets_permuted with a permutation "
      "per task. Their features are fixed afterwards. Base networks learn from "
      "inputs in the same order as they are scored on."
    )
  return "\n\n".join([*parts, *_warnings(mismatch)])


def _training_table(epochs: Sequence[EpochScores]) -> str:
  lines = [
    [
      epoch.number,
      f"{np.mean(epoch.losses):.3f}",
      *(
        _mean_and_error(last_layer(epoch.scores, readout))
        for readout in COMPARED_READOUTS
      ),
    ]
    for epoch in _some(epochs)
  ]
  headers = ["epoch", "loss on held-out examples", *COMPARED_READOUTS]
  return format_table(headers, lines)


def _some(epochs: Sequence[EpochScores]) -> list[EpochScores]:
  """Selects the first, the last and the best epochs, with more at the start."""
  last = len(epochs) - 1
  places = np.geomspace(1, last + 1, min(_MOST_LINES, last + 1)) - 1
  means = [last_layer(epoch.scores).mean for epoch in epochs]
  losses = [np.mean(epoch.losses) for epoch in epochs]
  best = (int(np.argmax(means)), int(np.argmin(losses)))
  return [epochs[i] for i in sorted({*places.round().astype(int), *best})]


def _declines(mismatch: Mismatch) -> dict[str, Decline]:
  found = {
    readout: decline(mismatch.epochs, readout, mismatch.config.seed)
    for readout in COMPARED_READOUTS
  }
  return {readout: each for readout, each in found.items() if each is not None}


def _decline_table(mismatch: Mismatch) -> str:
  found = _declines(mismatch)
  if not found:
    return "A decline needs at least two epochs and two initial weights."
  lines = []
  for readout, each in found.items():
    low, high = each.loss.interval
    lines.append(
      [
        readout,
        ", ".join(map(str, each.epochs)),
        format_difference(each.accuracy),
        f"{each.loss.difference:+.3f} [{low:+.3f}, {high:+.3f}]",
        "yes" if each.accuracy.interval[1] < 0 and high < 0 else "no",
      ]
    )
  headers = ["read-out", "best epochs", "accuracy", "loss", "mismatch"]
  return (
    "The last epoch minus the best epoch, which is selected for each set of "
    "initial weights with the others, in points [95 % interval]. In a mismatch "
    f"the loss improves and the accuracy falls\n{format_table(headers, lines)}"
  )


def _permutation_table(methods: Sequence[BothOrders], seed: int) -> str:
  lines = [
    [
      method.method,
      readout,
      _mean_and_error(last_layer(method.own, readout)),
      _mean_and_error(last_layer(method.permuted, readout)),
      format_difference(_change(method, readout, seed)),
    ]
    for method in methods
    for readout in (DECISIVE_READOUT, PROTOTYPES_READOUT)
  ]
  headers = [
    "method",
    "read-out",
    "stored order",
    "permuted",
    "permuted minus stored [95 % interval]",
  ]
  return format_table(headers, lines)


def _change(method: BothOrders, readout: str, seed: int) -> PairedDifference:
  return paired_difference(
    last_layer(method.permuted, readout).accuracies,
    last_layer(method.own, readout).accuracies,
    seed,
  )


def _mean_and_error(score: Score) -> str:
  return format_accuracy(score.mean, score.stderr)


def _warnings(mismatch: Mismatch) -> list[str]:
  diverged = {
    f"{method.method}, {order}": last_layer(scores).num_diverged
    for method in mismatch.methods
    for order, scores in (
      ("inputs in their stored order", method.own),
      ("permuted inputs", method.permuted),
    )
  }
  for epoch in mismatch.epochs:
    diverged[f"epoch {epoch.number}"] = last_layer(epoch.scores).num_diverged
  return [
    f"Warning: {name}: features were not finite in {number} of "
    f"{mismatch.config.num_episodes} episodes; they count as constant features."
    for name, number in diverged.items()
    if number
  ]
