# SPDX-License-Identifier: Apache-2.0
"""Measurements of `experiments.objective_mismatch`.

They are the loss of an autoencoder and the accuracy of its features after every
epoch, and the accuracies of methods on inputs in stored and permuted orders.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from lurl_tf.baselines import Features, TaskBaseline
from lurl_tf.baselines.networks.autoencoder import Autoencoder, Epoch, hold_out
from lurl_tf.evaluation import EvaluationConfig, Report
from lurl_tf.evaluation.comparison import Comparison, fit_seed
from lurl_tf.evaluation.comparison_scores import Score
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import TaskSampler, scale_to_unit


class Subject(NamedTuple):
  """Data and settings of the measurements.

  Attributes:
    train: Training split, the unlabelled and the support examples.
    test: Test split, the query examples.
    config: Base network, initial weights, label draws and seed.
  """

  train: LabelledExamples
  test: LabelledExamples
  config: EvaluationConfig

  def in_order(self, permuted: bool) -> "Subject":
    """Returns the subject with inputs in permuted or in stored order.

    Args:
      permuted: Whether every set of initial weights has its own permutation.

    Returns:
      The changed subject.
    """
    config = dataclasses.replace(self.config, permute_inputs=permuted)
    return self._replace(config=config)

  def comparison(self, report: Report | None = None) -> Comparison:
    """Makes the comparison that scores rules and baselines on the data.

    Args:
      report: Callback for progress; default: none.

    Returns:
      The comparison.
    """
    return Comparison(
      self.train,
      self.test,
      self.config,
      (self.config.examples_per_class,),
      report,
    )


class EpochScores(NamedTuple):
  """Scores of an autoencoder after one epoch.

  Attributes:
    number: Number of the epoch, from 1.
    losses: Losses `[t]` on held-out examples, per set of initial weights.
    scores: Scores of the last layer of the encoder, by read-out.
  """

  number: int
  losses: np.ndarray
  scores: tuple[Score, ...]


class BothOrders(NamedTuple):
  """Scores of a method on the same data with two orders of the inputs.

  Attributes:
    method: Name of the method.
    own: Scores on inputs in their stored order, by layers and read-out.
    permuted: Scores on permuted inputs, by layers and read-out.
  """

  method: str
  own: tuple[Score, ...]
  permuted: tuple[Score, ...]


def follow_training(
  method: str, autoencoder: Autoencoder, subject: Subject, report: Report
) -> Iterator[EpochScores]:
  """Trains an autoencoder from all sets of initial weights, epoch by epoch.

  A tenth of the training split, chosen per set of initial weights, is held out
  to measure the loss.

  Args:
    method: Name of the autoencoder.
    autoencoder: Autoencoder to train for its `epochs`.
    subject: Data and settings.
    report: Callback that is called after every epoch.

  Yields:
    Scores after an epoch.
  """
  comparison = subject.comparison()
  orders = comparison.orders
  trainings = [
    _epochs(
      autoencoder,
      scale_to_unit(subject.train.inputs[:, order]),
      fit_seed(subject.config.seed, index),
    )
    for index, order in enumerate(orders)
  ]
  seconds, began = 0.0, time.monotonic()
  for epochs in zip(*trainings):
    seconds += time.monotonic() - began
    scorer = comparison.scorer(method, len(orders))
    scorer.add_seconds(seconds / len(orders))
    for index, (epoch, order) in enumerate(zip(epochs, orders)):
      scorer.score_features(index, _code_of(epoch), order)
    report(method, "epoch", epochs[0].number, autoencoder.epochs)
    losses = np.array([epoch.loss for epoch in epochs])
    yield EpochScores(epochs[0].number, losses, scorer.scores())
    began = time.monotonic()


def score_tasks_baseline(
  method: str,
  baseline: TaskBaseline,
  sampler: TaskSampler,
  subject: Subject,
  report: Report,
) -> BothOrders:
  """Fits a baseline on tasks and scores its features in both orders.

  Args:
    method: Name of the baseline.
    baseline: Baseline that learns features from tasks.
    sampler: Sampler of the tasks.
    subject: Data and settings of the scores.
    report: Callback for progress.

  Returns:
    Scores in both orders.
  """
  fits = subject.config.initial_weights
  comparisons = [
    subject.in_order(permuted).comparison() for permuted in (False, True)
  ]
  scorers = [each.scorer(method, fits) for each in comparisons]
  for index in range(fits):
    began = time.monotonic()
    features: Features = baseline.fit_tasks(
      sampler, fit_seed(subject.config.seed, index)
    )
    seconds = time.monotonic() - began
    for each, scorer in zip(comparisons, scorers):
      scorer.add_seconds(seconds)
      scorer.score_features(index, features.layers, each.orders[index])
    report(method, "fit", index + 1, fits)
  return BothOrders(method, *(scorer.scores() for scorer in scorers))


def score_networks(
  method: str,
  score: Callable[[Comparison], tuple[Score, ...]],
  subject: Subject,
  report: Report,
) -> BothOrders:
  """Scores base networks that learn from inputs in the order of the scores.

  Args:
    method: Name of the method.
    score: Function that calls a method of a comparison, such as
      `Comparison.random_init`.
    subject: Data and settings.
    report: Callback for progress.

  Returns:
    Scores in both orders.
  """
  return BothOrders(
    method,
    *(
      score(subject.in_order(permuted).comparison(report))
      for permuted in (False, True)
    ),
  )


def _code_of(
  epoch: Epoch,
) -> Callable[[np.ndarray], tuple[np.ndarray, ...]]:
  return lambda inputs: epoch.features.layers(inputs)[-1:]


def _epochs(
  autoencoder: Autoencoder, inputs: np.ndarray, seed: int
) -> Iterator[Epoch]:
  held_out, kept = hold_out(len(inputs), seed)
  return autoencoder.fit_epochs(inputs[kept], seed, inputs[held_out])
