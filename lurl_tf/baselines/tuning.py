# SPDX-License-Identifier: Apache-2.0
"""Choosing a baseline's options by data of use `meta_validation`.

The same small budget as a rule's recipe has: a few tasks, 20 trials at most.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import threadpoolctl

from lurl_tf.baselines.get import AnyBaseline
from lurl_tf.baselines.interface import Baseline, LabelledBaseline, TaskBaseline
from lurl_tf.baselines.networks.autoencoder import Autoencoder
from lurl_tf.features import Features
from lurl_tf.readouts.ridge import ridge_loo
from lurl_tf.structures import Episode
from lurl_tf.tasks.data_use import check_may_choose
from lurl_tf.tasks.episodes import TaskSampler

MOST_TRIALS = 20


class ValidationTask(NamedTuple):
  """A task that options are chosen by.

  Attributes:
    unlabelled: float32 `[n, i]`.
    episode: labelled examples, `[1, d, b, ...]`.
  """

  unlabelled: np.ndarray
  episode: Episode


class Trial(NamedTuple):
  """One candidate, and how it did.

  Attributes:
    baseline: with its options.
    accuracy: mean over tasks and label draws, in [0, 1].
  """

  baseline: AnyBaseline
  accuracy: float


def validation_tasks(
  sampler: TaskSampler, count: int = 3, unlabelled: int = 10_000
) -> tuple[ValidationTask, ...]:
  """Draws tasks, the same ones every time.

  Args:
    sampler: of use `"meta_validation"`; it says how many labelled examples and
      label draws there are.
    count: number of tasks.
    unlabelled: examples of a task, drawn with replacement.

  Returns:
    The tasks; their inputs are not permuted.

  Raises:
    ValueError: if the sampler's data may not be chosen by.
  """
  check_may_choose(sampler.use)
  steps = max(unlabelled // sampler.config.batch_size, 1)
  tasks = []
  for number in range(count):
    task = sampler.task(number)
    inputs = sampler.batches(task, steps, number)
    tasks.append(
      ValidationTask(
        inputs.reshape(-1, sampler.input_size),
        sampler.episodes(task, 1, number),
      )
    )
  return tuple(tasks)


def choose_epochs(
  autoencoder: Autoencoder, tasks: tuple[ValidationTask, ...], seed: int = 0
) -> Autoencoder:
  """The autoencoder with the number of epochs that is best on other data.

  Args:
    autoencoder: its `epochs` are the most there may be.
    tasks: see `validation_tasks`. They should have about as many unlabelled
      examples as the data to come, so that an epoch is as many steps.
    seed: of the autoencoder.

  Returns:
    The same with other `epochs`, the last of which is kept.
  """
  accuracies = np.mean(
    [
      [
        score_features(epoch.features, task.episode)
        for epoch in autoencoder.fit_epochs(task.unlabelled, seed)
      ]
      for task in tasks
    ],
    axis=0,
  )
  return dataclasses.replace(
    autoencoder, epochs=int(np.argmax(accuracies)) + 1, keep="last"
  )


def tune(
  baseline: AnyBaseline,
  tasks: tuple[ValidationTask, ...],
  sampler: TaskSampler | None = None,
  report: Callable[[int, int], None] | None = None,
  seed: int = 0,
) -> tuple[Trial, ...]:
  """Tries a baseline's candidates.

  Args:
    baseline: whose `candidates` are tried, `MOST_TRIALS` at most.
    tasks: see `validation_tasks`.
    sampler: of the tasks that a `TaskBaseline` learns from, of use
      `"meta_train"`.
    report: called with the trials done, and how many there are.
    seed: of the baseline.

  Returns:
    A `Trial` per candidate, the best one first.
  """
  candidates = baseline.candidates()[:MOST_TRIALS]
  trials = []
  for number, candidate in enumerate(candidates):
    accuracy = _accuracy(candidate, tasks, sampler, seed)
    trials.append(Trial(candidate, accuracy))
    if report is not None:
      report(number + 1, len(candidates))
  return tuple(sorted(trials, key=lambda trial: -trial.accuracy))


def score_features(features: Features, episode: Episode) -> float:
  """Mean accuracy of a ridge read-out over label draws.

  Args:
    features: to score.
    episode: labelled examples, `[1, d, b, ...]`.

  Returns:
    Accuracy from 0 to 1.
  """

  def accuracy(support, support_labels, query, query_labels, num_classes):
    # More threads add in an order that changes from run to run.
    with threadpoolctl.threadpool_limits(1):
      return ridge_loo(
        features(support),
        support_labels,
        features(query),
        query_labels,
        num_classes,
      )

  return _mean_over_draws(accuracy, episode)


def _accuracy(baseline, tasks, sampler, seed) -> float:
  if isinstance(baseline, TaskBaseline):
    features = baseline.fit_tasks(sampler, seed)
    scores = [score_features(features, task.episode) for task in tasks]
  elif isinstance(baseline, Baseline):
    scores = [
      score_features(baseline.fit(task.unlabelled, seed), task.episode)
      for task in tasks
    ]
  else:
    scores = [_classifier_score(baseline, task, seed) for task in tasks]
  return float(np.mean(scores))


def _classifier_score(
  baseline: LabelledBaseline, task: ValidationTask, seed: int
) -> float:
  def accuracy(support, support_labels, query, query_labels, num_classes):
    classify = baseline.fit_labelled(support, support_labels, num_classes, seed)
    return np.mean(classify(query) == query_labels)

  return _mean_over_draws(accuracy, task.episode)


def _mean_over_draws(accuracy, episode: Episode) -> float:
  draws = zip(
    episode.support_inputs[0],
    np.argmax(episode.support_targets[0], axis=-1),
    episode.query_inputs[0],
    np.argmax(episode.query_targets[0], axis=-1),
  )
  num_classes = episode.support_targets.shape[-1]
  return float(np.mean([accuracy(*draw, num_classes) for draw in draws]))
