# SPDX-License-Identifier: Apache-2.0
"""Scores of the features, or the classifiers, of one method."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import threadpoolctl

from lurl_tf.evaluation.comparison_scores import OWN_READOUT, Layers, Score
from lurl_tf.evaluation.config import Report
from lurl_tf.features import Classifier
from lurl_tf.readouts import COMPARED_READOUTS, Readout
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks.examples import scale_to_unit


class MethodScorer:
  """Scores all fits of one method on all label draws.

  Args:
    method: Name of the method.
    train: Training split, from which the support sets are drawn.
    test: Test split: the query set.
    support_rows: Rows `[d, b]` of the training split, by examples per class.
    fits: Number of fits of the method.
    seed: Integer seed of the read-outs.
    report: Callable that is called after every episode.
    is_transductive: Whether a fit sees the query inputs.
    readouts: Read-outs by name.
    all_layers: Whether the features of all layers side by side are scored, too.
    inner_steps: Number of inner steps before scoring.
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
    readouts: Mapping[str, Readout] = COMPARED_READOUTS,
    all_layers: bool = True,
    inner_steps: int = 0,
  ):
    self._method, self._train, self._test = method, train, test
    self._support_rows, self._fits, self._seed = support_rows, fits, seed
    self._report, self._is_transductive = report, is_transductive
    self._readouts, self._all_layers = readouts, all_layers
    self._inner_steps = inner_steps
    self._seconds: list[float] = []
    # By examples per class, layers and read-out.
    self._accuracies: dict[tuple[int, Layers, str], np.ndarray] = {}
    self._dimensions: dict[Layers, int] = {"none": 0}
    self._num_diverged: dict[int, int] = dict.fromkeys(support_rows, 0)
    self._done = 0

  def add_seconds(self, seconds: float) -> None:
    """Records the time of one fit.

    Args:
      seconds: Time in seconds.
    """
    self._seconds.append(seconds)

  def score_features(
    self,
    index: int,
    layers_of: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    order: np.ndarray,
  ) -> None:
    """Scores the features of one fit with all read-outs.

    Support and query go through the network as one batch, as in the published
    protocol (Metz et al. 2019, released program).

    Args:
      index: Index of the fit.
      layers_of: Function from inputs `[b, i]` to features `[b, u]` per layer.
      order: `[i]` order of the inputs.
    """
    query = scale_to_unit(self._test.inputs)[:, order]
    for per_class, draw, rows in self._episodes():
      support = scale_to_unit(self._train.inputs[rows])[:, order]
      layers = layers_of(np.concatenate([support, query]))
      if not self._all_layers:
        layers = layers[-1:]
      if not all(np.all(np.isfinite(layer)) for layer in layers):
        layers = tuple(np.zeros_like(layer) for layer in layers)
        self._num_diverged[per_class] += 1
      choices: dict[Layers, np.ndarray] = {"last": layers[-1]}
      if len(layers) > 1:
        choices["all"] = np.concatenate(layers, axis=1)
      for choice, features in choices.items():
        self._dimensions[choice] = features.shape[1]
        accuracies = score_readouts(
          self._readouts.values(),
          features[: len(rows)],
          self._train.labels[rows],
          features[len(rows) :],
          self._test.labels,
          len(self._train.class_names),
          self._seed,
        )
        for name, accuracy in zip(self._readouts, accuracies):
          self._keep((per_class, choice, name), index, draw, accuracy)

  def score_classifier(
    self,
    index: int,
    fit: Callable[[np.ndarray], Classifier],
    order: np.ndarray,
  ) -> None:
    """Scores the classifiers of one fit.

    Args:
      index: Index of the fit.
      fit: Function from rows `[b]` of the training split to a classifier.
      order: `[i]` order of the inputs.
    """
    query = scale_to_unit(self._test.inputs)[:, order]
    for per_class, draw, rows in self._episodes():
      accuracy = np.mean(fit(rows)(query) == self._test.labels)
      self._keep((per_class, "none", OWN_READOUT), index, draw, accuracy)

  def scores(self) -> tuple[Score, ...]:
    """Returns all scores, by number of labels, layers and read-out."""
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
        self._inner_steps,
      )
      for (per_class, layers, readout), accuracies in sorted(
        self._accuracies.items(), key=lambda item: item[0][0]
      )
    )

  def _episodes(self) -> Iterator[tuple[int, int, np.ndarray]]:
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


def score_readouts(
  readouts: Iterable[Readout],
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int,
) -> list[float]:
  """Scores several read-outs of the same features, repeatably.

  Args:
    readouts: Read-outs, such as those of `lurl_tf.readouts`.
    support_features: `[b, u]` features of the labelled examples.
    support_labels: `[b]` class indices of the labelled examples.
    query_features: `[n, u]` features of the query examples.
    query_labels: `[n]` class indices of the query examples.
    num_classes: Number of classes.
    seed: Integer seed of the read-outs.

  Returns:
    Accuracy in [0, 1] of each read-out.
  """
  # The matrices are small: several threads wait for each other, and the order
  # of their additions differs from run to run.
  with threadpoolctl.threadpool_limits(1):
    return [
      readout(
        support_features,
        support_labels,
        query_features,
        query_labels,
        num_classes,
        seed,
      )
      for readout in readouts
    ]
