# SPDX-License-Identifier: Apache-2.0
"""Tests that options are chosen by held-out tasks, and by no others."""

import dataclasses

import numpy as np
import pytest

from lurl_tf import baselines
from lurl_tf.baselines import (
  Baseline,
  LabelledBaseline,
  TaskBaseline,
  tuning,
)
from lurl_tf.features import MappedFeatures
from lurl_tf.readouts import ridge_loo
from lurl_tf.tasks import EpisodeConfig, TaskSampler
from tests.baselines.clusters import make_examples

EPISODES = EpisodeConfig(
  classes_per_task=3,
  batch_size=10,
  support_per_class=3,
  query_per_class=6,
  draws=2,
)


def make_sampler(use="meta_validation"):
  return TaskSampler(make_examples(), EPISODES, use=use)


TASKS = baselines.validation_tasks(make_sampler(), count=2, unlabelled=50)


@dataclasses.dataclass(frozen=True)
class Blurred(Baseline):
  """Features that are the inputs with noise."""

  noise: float

  def fit(self, unlabelled, seed=0):
    assert unlabelled.shape == (50, 12)
    rng = np.random.default_rng(seed)
    return MappedFeatures(lambda x: x + self.noise * rng.normal(size=x.shape))

  def candidates(self):
    return tuple(Blurred(noise) for noise in (5.0, 0.0, *range(6, 30)))


def test_tasks_are_those_of_the_sampler():
  sampler = make_sampler()
  for number, own in enumerate(TASKS):
    task = sampler.task(number)
    expected = sampler.episodes(task, 1, number)
    np.testing.assert_array_equal(
      own.episode.query_inputs, expected.query_inputs
    )


def test_data_of_other_uses_may_not_choose():
  with pytest.raises(ValueError, match="Received: use='meta_train'"):
    baselines.validation_tasks(make_sampler("meta_train"))


def test_scores_are_means_over_draws():
  episode = TASKS[0].episode
  labels = np.repeat(np.arange(3), 3), np.repeat(np.arange(3), 6)
  expected = [
    ridge_loo(
      episode.support_inputs[0, draw],
      labels[0],
      episode.query_inputs[0, draw],
      labels[1],
      3,
    )
    for draw in range(2)
  ]
  actual = tuning.score_features(MappedFeatures(np.asarray), episode)
  assert actual == pytest.approx(np.mean(expected))


def test_the_best_of_at_most_20_candidates_comes_first():
  reports = []
  trials = baselines.tune(
    Blurred(5.0), TASKS, report=lambda *done: reports.append(done)
  )
  assert trials[0].baseline == Blurred(0.0)
  assert len(trials) == 20 and reports[-1] == (20, 20)
  assert trials[0].accuracy > trials[-1].accuracy


def test_the_other_interfaces_are_tuned_too():
  seen = []

  @dataclasses.dataclass(frozen=True)
  class First(LabelledBaseline):
    label: int

    def fit_labelled(self, inputs, labels, num_classes, seed=0):
      assert inputs.shape == (9, 12) and num_classes == 3
      return lambda query: np.full(len(query), self.label)

    def candidates(self):
      return self, First(1)

  @dataclasses.dataclass(frozen=True)
  class FromTasks(TaskBaseline):
    permute_inputs: bool = False

    def fit_tasks(self, sampler, seed=0):
      seen.append(sampler)
      return MappedFeatures(np.asarray)

  assert baselines.tune(First(7), TASKS)[0].baseline == First(1)
  assert baselines.tune(First(7), TASKS)[0].accuracy == pytest.approx(1 / 3)
  assert baselines.tune(FromTasks(), TASKS, "a sampler")[0].accuracy > 0.8
  assert seen == ["a sampler"]
