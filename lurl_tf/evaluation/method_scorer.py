# SPDX-License-Identifier: Apache-2.0
"""How the features, or the classifiers, of one method are scored."""

from collections.abc import Callable, Mapping

import numpy as np

from lurl_tf.baselines import Classifier
from lurl_tf.evaluation.comparison_scores import OWN_READOUT, Layers, Score
from lurl_tf.evaluation.episodes import Report, score_readouts
from lurl_tf.readouts import READOUTS, Readout, nearest_mean
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import scale_to_unit

COMPARED_READOUTS: dict[str, Readout] = {
  **READOUTS,
  "nearest_mean": nearest_mean,
}


class MethodScorer:
  """Scores one method's fits on all label draws.

  Args:
    method: its name.
    train: the training split, of which the support is.
    test: the test split: the query set.
    support_rows: rows `[d, b]` of the training split, by examples per class.
    fits: how often the method is fitted.
    seed: of the read-outs.
    report: called after every episode.
    is_transductive: whether the method sees the query set.
  """

  def __init__(
    self,
    method: str,
    train: LabelledExamples,
    test: LabelledExamples,
    support_rows: Mapping[int, np.ndarray],
    fits: int,
    seed: int,
    report: Report,
    is_transductive: bool = False,
  ):
    self._method, self._train, self._test = method, train, test
    self._support_rows, self._fits, self._seed = support_rows, fits, seed
    self._report, self._is_transductive = report, is_transductive
    self._seconds: list[float] = []
    # By examples per class, layers and read-out.
    self._accuracies: dict[tuple[int, Layers, str], np.ndarray] = {}
    self._dimensions: dict[Layers, int] = {"none": 0}
    self._num_diverged: dict[int, int] = dict.fromkeys(support_rows, 0)
    self._done = 0

  def add_seconds(self, seconds: float) -> None:
    """Says that one fit took a time."""
    self._seconds.append(seconds)

  def score_features(
    self,
    index: int,
    layers_of: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    order: np.ndarray,
  ) -> None:
    """Scores features by all read-outs, on the last and on all layers.

    Support and query are one batch, as in the published protocol.

    Args:
      index: of the fit.
      layers_of: maps `[b, i]` to the features `[b, u]` of every layer.
      order: of the inputs.
    """
    query = scale_to_unit(self._test.inputs)[:, order]
    for per_class, draw, rows in self._episodes():
      support = scale_to_unit(self._train.inputs[rows])[:, order]
      layers = layers_of(np.concatenate([support, query]))
      if not all(np.all(np.isfinite(layer)) for layer in layers):
        layers = tuple(np.zeros_like(layer) for layer in layers)
        self._num_diverged[per_class] += 1
      choices: dict[Layers, np.ndarray] = {"last": layers[-1]}
      if len(layers) > 1:
        choices["all"] = np.concatenate(layers, axis=1)
      for choice, features in choices.items():
        self._dimensions[choice] = features.shape[1]
        accuracies = score_readouts(
          COMPARED_READOUTS.values(),
          features[: len(rows)],
          self._train.labels[rows],
          features[len(rows) :],
          self._test.labels,
          len(self._train.class_names),
          self._seed,
        )
        for name, accuracy in zip(COMPARED_READOUTS, accuracies):
          self._keep((per_class, choice, name), index, draw, accuracy)

  def score_classifier(
    self,
    index: int,
    fit: Callable[[np.ndarray], Classifier],
    order: np.ndarray,
  ) -> None:
    """Scores the method's own classifications.

    Args:
      index: of the initial weights.
      fit: makes a classifier of rows `[b]` of the training split.
      order: of the inputs.
    """
    query = scale_to_unit(self._test.inputs)[:, order]
    for per_class, draw, rows in self._episodes():
      accuracy = np.mean(fit(rows)(query) == self._test.labels)
      self._keep((per_class, "none", OWN_READOUT), index, draw, accuracy)

  def scores(self) -> tuple[Score, ...]:
    """All scores: by labels, then by layers, then by read-out."""
    return tuple(
      Score(
        self._method,
        per_class,
        layers,
        readout,
        accuracies,
        self._dimensions[layers],
        float(np.mean(self._seconds)),
        self._num_diverged[per_class],
        self._is_transductive,
      )
      for (per_class, layers, readout), accuracies in sorted(
        self._accuracies.items(), key=lambda item: item[0][0]
      )
    )

  def _episodes(self):
    total = self._fits * sum(map(len, self._support_rows.values()))
    for per_class, draws in self._support_rows.items():
      for draw, rows in enumerate(draws):
        yield per_class, draw, rows
        self._done += 1
        self._report(self._method, "episode", self._done, total)

  def _keep(self, key, index, draw, accuracy) -> None:
    if key not in self._accuracies:
      draws = len(self._support_rows[key[0]])
      self._accuracies[key] = np.full([self._fits, draws], np.nan)
    self._accuracies[key][index, draw] = accuracy
