# SPDX-License-Identifier: Apache-2.0
"""Choice of a baseline's options on data of use `meta_validation`.

The budget is as small as that of a rule's options: a few tasks, and at most 20
trials.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import threadpoolctl

from lurl_tf.baselines.get import AnyBaseline
from lurl_tf.baselines.interface import Baseline, LabelledBaseline, TaskBaseline
from lurl_tf.features import Features
from lurl_tf.readouts import ridge_loo
from lurl_tf.structures import Episode
from lurl_tf.tasks.data_use import check_may_choose
from lurl_tf.tasks.episodes import TaskSampler

MOST_TRIALS = 20


class ValidationTask(NamedTuple):
  """Task on which candidates are compared.

  Attributes:
    unlabelled: float32 `[n, i]` unlabelled examples.
    episode: Labelled examples, arrays `[1, d, b, ...]`.
  """

  unlabelled: np.ndarray
  episode: Episode


class Trial(NamedTuple):
  """Candidate and its result.

  Attributes:
    baseline: Baseline with the candidate's options.
    accuracy: Mean accuracy over tasks and label draws, in [0, 1].
  """

  baseline: AnyBaseline
  accuracy: float


def validation_tasks(
  sampler: TaskSampler, count: int = 3, unlabelled: int = 10_000
) -> tuple[ValidationTask, ...]:
  """Draws validation tasks; repeated calls draw the same tasks.

  Args:
    sampler: Sampler of use `"meta_validation"`. Its configuration sets the
      numbers of labelled examples and label draws.
    count: Number of tasks.
    unlabelled: Unlabelled examples per task, drawn with replacement.

  Returns:
    The tasks. Their inputs are not permuted.

  Raises:
    ValueError: If the sampler's data must not be used to choose options.
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


def tune(
  baseline: AnyBaseline,
  tasks: tuple[ValidationTask, ...],
  sampler: TaskSampler | None = None,
  report: Callable[[int, int], None] | None = None,
  seed: int = 0,
) -> tuple[Trial, ...]:
  """Scores the candidates of a baseline on validation tasks.

  Args:
    baseline: Baseline whose `candidates` are scored, at most `MOST_TRIALS`.
    tasks: Tasks of `validation_tasks`.
    sampler: Sampler of use `"meta_train"`, from which a `TaskBaseline` learns.
    report: Callable that takes the number of trials done and their total.
    seed: Integer seed of the baseline.

  Returns:
    A `Trial` per candidate, best first.
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
  """Returns the mean accuracy of `ridge_loo` over label draws.

  Args:
    features: Features to score.
    episode: Labelled examples, arrays `[1, d, b, ...]`.

  Returns:
    Accuracy in [0, 1].
  """

  def accuracy(support, support_labels, query, query_labels, num_classes):
    # With several threads the order of additions differs from run to run.
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
