# SPDX-License-Identifier: Apache-2.0
"""What `experiments.objective_mismatch` measures.

An autoencoder after every epoch, by its own loss and by a read-out of its
features; and methods on inputs in their own order and in permuted orders.
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
  """What methods learn from, and are scored on.

  Attributes:
    train: the training split: unlabelled examples and support.
    test: the test split, all of which is the query set.
    config: base network, initial weights, label draws and seed.
  """

  train: LabelledExamples
  test: LabelledExamples
  config: EvaluationConfig

  def in_order(self, permuted: bool) -> "Subject":
    """The same with permuted inputs, or with inputs in their own order.

    Args:
      permuted: whether every set of initial weights has an order of its own.
    """
    config = dataclasses.replace(self.config, permute_inputs=permuted)
    return self._replace(config=config)

  def comparison(self, report: Report | None = None) -> Comparison:
    """Scores rules and baselines on it.

    Args:
      report: called as work proceeds; default: silence.
    """
    return Comparison(
      self.train,
      self.test,
      self.config,
      (self.config.examples_per_class,),
      report,
    )


class EpochScores(NamedTuple):
  """An autoencoder after one epoch.

  Attributes:
    number: from 1.
    losses: `[t]` its own loss on examples held out, per set of initial weights.
    scores: of the code, its last layer, by read-out.
  """

  number: int
  losses: np.ndarray
  scores: tuple[Score, ...]


class BothOrders(NamedTuple):
  """A method on the same data in two orders of inputs.

  Attributes:
    method: its name.
    own: scores on inputs in their own order, by layers and read-out.
    permuted: the same on permuted inputs.
  """

  method: str
  own: tuple[Score, ...]
  permuted: tuple[Score, ...]


def follow_training(
  method: str, autoencoder: Autoencoder, subject: Subject, report: Report
) -> Iterator[EpochScores]:
  """Trains an autoencoder from all initial weights at once, epoch by epoch.

  A tenth of the training split, another one per set of initial weights, is not
  learned from: it tells of the loss.

  Args:
    method: what the autoencoder is called.
    autoencoder: its `epochs` are followed.
    subject: what it learns from.
    report: called after every epoch.

  Yields:
    `EpochScores`, one after the other.
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
  """Fits a baseline on tasks, and scores the same features in both orders.

  Args:
    method: name of the baseline.
    baseline: learns features from tasks, whose inputs are permuted or not.
    sampler: of the tasks.
    subject: what the features are scored on.
    report: called as work proceeds.

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
  """Scores base networks that learn, if they do, in the order they are seen in.

  Args:
    method: its name.
    score: calls a method of a comparison, such as `Comparison.random_init`.
    subject: what the networks learn from, and are scored on.
    report: called as work proceeds.

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
