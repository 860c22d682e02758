# SPDX-License-Identifier: Apache-2.0
"""Labelled episodes, and how features are scored on them."""

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
import threadpoolctl

from lurl_tf.evaluation.config import EvaluationConfig
from lurl_tf.evaluation.result import RAW_INPUTS, Scores
from lurl_tf.layers import forward
from lurl_tf.readouts import READOUTS, Readout
from lurl_tf.structures import LabelledExamples, LayerWeights
from lurl_tf.tasks.examples import scale_to_unit

# Called with a method, the unit of its work, and how many are done of how many.
Report = Callable[[str, str, int, int], None]


class Episodes:
  """Labelled examples of all episodes, and how features are scored on them."""

  def __init__(
    self,
    train: LabelledExamples,
    test: LabelledExamples,
    support_rows: np.ndarray,
    permutations: np.ndarray,
    config: EvaluationConfig,
  ):
    self._support_inputs = scale_to_unit(train.inputs[support_rows])
    self._support_labels = train.labels[support_rows]
    self._query_inputs = scale_to_unit(test.inputs)
    self._query_labels = test.labels
    self._num_classes = len(train.class_names)
    self._permutations = permutations
    self._config = config
    self._forward = tf.function(
      lambda weights, inputs: (
        forward(weights, inputs, config.activation).features
      )
    )

  def score_raw_inputs(self, report: Report) -> Scores:
    """The inputs themselves; no permutation changes what a read-out sees."""
    columns = []
    for draw, support in enumerate(self._support_inputs):
      columns.append(self._accuracies(draw, support, self._query_inputs))
      report(RAW_INPUTS, "draw", draw + 1, self._config.label_draws)
    return Scores(np.stack(columns, axis=-1)[:, None], 0)

  def score(
    self, method: str, weights: tuple[LayerWeights, ...], report: Report
  ) -> Scores:
    """Features of base models with a leading axis of initial weights."""
    config = self._config
    accuracies = np.empty(
      [len(READOUTS), config.initial_weights, config.label_draws]
    )
    num_diverged = 0
    for task, permutation in enumerate(self._permutations):
      own_weights = tuple(
        LayerWeights(*(weight[task] for weight in layer)) for layer in weights
      )
      query = self._query_inputs[:, permutation]
      for draw, support in enumerate(self._support_inputs):
        inputs = np.concatenate([support[:, permutation], query])
        inputs = tf.constant(inputs, config.dtype)
        features = self._forward(own_weights, inputs).numpy()
        if not np.all(np.isfinite(features)):
          features, num_diverged = np.zeros_like(features), num_diverged + 1
        accuracies[:, task, draw] = self._accuracies(
          draw, features[: len(support)], features[len(support) :]
        )
        done = task * config.label_draws + draw + 1
        report(method, "episode", done, config.num_episodes)
    return Scores(accuracies, num_diverged)

  def _accuracies(
    self, draw: int, support: np.ndarray, query: np.ndarray
  ) -> list[float]:
    return score_readouts(
      READOUTS.values(),
      support,
      self._support_labels[draw],
      query,
      self._query_labels,
      self._num_classes,
      self._config.seed,
    )


def score_readouts(
  readouts: Iterable[Readout],
  support_features: np.ndarray,
  support_labels: np.ndarray,
  query_features: np.ndarray,
  query_labels: np.ndarray,
  num_classes: int,
  seed: int,
) -> list[float]:
  """Accuracies of several read-outs of the same features, repeatable.

  Args:
    readouts: of `lurl_tf.readouts`, or like them.
    support_features: `[b, u]` features of labelled examples.
    support_labels: `[b]` class indices.
    query_features: `[n, u]` features to score.
    query_labels: `[n]` class indices.
    num_classes: number of classes.
    seed: of the read-outs.

  Returns:
    A number from 0 to 1 per read-out.
  """
  # The matrices are small: more threads wait for each other, and add in an
  # order that changes from run to run.
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
