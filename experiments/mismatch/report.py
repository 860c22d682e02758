# SPDX-License-Identifier: Apache-2.0
"""The objective mismatch as JSON for programs and as tables for people."""

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

# What prototypical networks are trained for.
PROTOTYPES_READOUT = "nearest_mean"
_MOST_LINES = 12


@dataclasses.dataclass
class Mismatch:
  """What was measured so far.

  Attributes:
    dataset: name of the data set.
    tasks: name of the distribution that baselines are meta-trained on.
    config: base network and draws.
    epochs: of the autoencoder's training.
    methods: scores on inputs in both orders; random features first.
  """

  dataset: str
  tasks: str
  config: EvaluationConfig
  epochs: list[EpochScores] = dataclasses.field(default_factory=list)
  methods: list[BothOrders] = dataclasses.field(default_factory=list)

  @property
  def has_methods(self) -> bool:
    """Whether there is more in both orders than random features."""
    return len(self.methods) > 1


class Decline(NamedTuple):
  """From the epoch of the best features to the last one.

  Attributes:
    epochs: `[t]` the best epoch of every set of initial weights, which is
      chosen by all others: an epoch chosen by the numbers that it is compared
      by would look better than it is.
    accuracy: of the last epoch less that of the best.
    loss: the autoencoder's own on examples held out, likewise.
  """

  epochs: np.ndarray
  accuracy: PairedDifference
  loss: PairedDifference


def decline(
  epochs: Sequence[EpochScores], readout: str = DECISIVE_READOUT, seed: int = 0
) -> Decline | None:
  """What becomes of the best features as training goes on.

  Args:
    epochs: all of a training, in their order.
    readout: of the accuracies.
    seed: of the bootstrap.

  Returns:
    `Decline`; None if there are fewer than two epochs or sets of initial
    weights.
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
  """The score of the last layer's features.

  Args:
    scores: of one method.
    readout: which one.
  """
  wanted = ("last", readout)
  return next(each for each in scores if (each.layers, each.readout) == wanted)


def as_json(mismatch: Mismatch) -> dict[str, Any]:
  """The results for `--results`.

  Args:
    mismatch: what was measured.

  Returns:
    Plain values; accuracies and differences of them are shares, losses nats.
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
  """The results for people.

  Args:
    mismatch: what was measured.

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
      "on inputs in one order, protonets_permuted on an order per task. They "
      "bring their features along; base networks, which a rule trains or none, "
      "learn theirs on inputs in the order that they are scored in."
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
  headers = ["epoch", "own loss on examples held out", *COMPARED_READOUTS]
  return format_table(headers, lines)


def _some(epochs: Sequence[EpochScores]) -> list[EpochScores]:
  """The first, the last and those of the best numbers; closer at the start."""
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
    return "It takes two epochs and two initial weights to tell of a decline."
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
  headers = ["read-out", "best epochs", "accuracy", "own loss", "mismatch"]
  return (
    "The last epoch less the best one, which is chosen for each set of initial "
    "weights by the others, in points [95 % interval]; a mismatch is a loss "
    f"that improves while accuracy falls\n{format_table(headers, lines)}"
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
    "own order",
    "permuted",
    "permuted less own [95 % interval]",
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
      ("inputs in their own order", method.own),
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
