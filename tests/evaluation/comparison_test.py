# SPDX-License-Identifier: Apache-2.0
"""Tests that all methods of a comparison see the same draws."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf import evaluation
from lurl_tf.baselines import (
  Baseline,
  Features,
  LabelledBaseline,
  PrincipalComponents,
  RawInputs,
  TaskBaseline,
)
from lurl_tf.evaluation import draws
from lurl_tf.evaluation.comparison import ComparedRule, Comparison
from lurl_tf.evaluation.protocol import (
  stacked_initial_weights,
  train_base_models,
)
from lurl_tf.layers import forward
from lurl_tf.readouts import COMPARED_READOUTS, ridge
from lurl_tf.rule import Hebbian, UpdateRule
from lurl_tf.structures import RuleConfig
from tests.baselines.clusters import CLASSES, INPUTS, make_examples

TRAIN, TEST = make_examples(80), make_examples(100, seed=1)
CONFIG = evaluation.EvaluationConfig(
  units=(10, 6),
  batch_size=8,
  inner_steps=(5,),
  learning_rates=(0.1,),
  horizon=5,
  examples_per_class=3,
  initial_weights=3,
  label_draws=2,
)
PERMUTATIONS = draws.draw_permutations(INPUTS, 3, seed=0)
SUPPORT = draws.draw_support(TRAIN, 3, 2, seed=0)


@pytest.fixture(name="comparison", scope="module")
def fixture_comparison():
  return Comparison(TRAIN, TEST, CONFIG, (1, 3))


def pick(scores, readout, per_class=3, layers="last"):
  (found,) = [
    score for score in scores if score[1:4] == (per_class, layers, readout)
  ]
  return found


def test_rules_score_as_their_networks_do_one_by_one(comparison):
  """The last layer alone, and all layers side by side."""
  scores = comparison.rule("hebbian", ComparedRule(Hebbian(), CONFIG))
  assert {score[1:4] for score in scores} == {
    (per_class, layers, readout)
    for per_class in (1, 3)
    for layers in ("last", "all")
    for readout in COMPARED_READOUTS
  }
  ((steps, weights),) = train_base_models(
    Hebbian(),
    TRAIN,
    PERMUTATIONS,
    stacked_initial_weights(INPUTS, CONFIG),
    CONFIG,
  )
  assert steps == 5
  task, rows = 2, SUPPORT[1]
  inputs = np.concatenate([TRAIN.inputs[rows], TEST.inputs])
  activations = forward(
    tf.nest.map_structure(lambda each: each[task], weights),
    inputs[:, PERMUTATIONS[task]],
  ).post_activations
  for layers, features in (
    ("last", activations[-1].numpy()),
    ("all", np.concatenate(activations, axis=1)),
  ):
    for readout, function in COMPARED_READOUTS.items():
      own = pick(scores, readout, layers=layers)
      expected = function(
        features[: len(rows)],
        TRAIN.labels[rows],
        features[len(rows) :],
        TEST.labels,
        CLASSES,
        CONFIG.seed,
      )
      assert own.accuracies[task, 1] == pytest.approx(expected, abs=0.011)
      assert (own.dimension, own.method) == (features.shape[1], "hebbian")
      assert own.inner_steps == 5


def test_readouts_and_layers_can_be_fewer(comparison):
  fewer = Comparison(
    TRAIN, TEST, CONFIG, readouts={"ridge": ridge}, all_layers=False
  )
  (own,) = fewer.random_init()
  assert own[:4] == ("random_init", 3, "last", "ridge")
  np.testing.assert_array_equal(
    own.accuracies, pick(comparison.random_init(), "ridge").accuracies
  )


@dataclasses.dataclass(frozen=True)
class Spy(Baseline):
  """Two layers: the inputs, and their sum. Keeps what it is given."""

  seen: list

  def fit(self, unlabelled, seed=0):
    self.seen.append((unlabelled, seed))

    class Sums(Features):
      def layers(self, inputs):
        return inputs, inputs.sum(axis=1, keepdims=True)

    return Sums()


def test_baselines_are_fitted_once_per_initial_weights(comparison):
  seen = []
  scores = comparison.baseline("spy", Spy(seen))
  assert len(seen) == 3
  assert len({seed for _, seed in seen}) == 3
  for permutation, (inputs, _) in zip(PERMUTATIONS, seen):
    np.testing.assert_array_equal(inputs, TRAIN.inputs[:, permutation])
  assert pick(scores, "ridge").accuracies.shape == (3, 2)
  assert pick(scores, "ridge").dimension == 1
  assert pick(scores, "ridge", layers="all").dimension == 13
  assert pick(scores, "ridge").fit_seconds > 0


def test_what_no_seed_changes_is_fitted_once(comparison):
  scores = comparison.baseline("pca", PrincipalComponents(3))
  assert all(score.accuracies.shape == (1, 2) for score in scores)


def test_classifiers_get_the_labels_of_each_draw(comparison):
  seen = []

  @dataclasses.dataclass(frozen=True)
  class Constant(LabelledBaseline):
    def fit_labelled(self, inputs, labels, num_classes, seed=0):
      seen.append((inputs, labels, num_classes))
      return lambda query: np.full(len(query), labels[0])

  scores = comparison.baseline("constant", Constant())
  assert len(seen) == 3 * 2 * 2
  inputs, labels, num_classes = seen[3]  # the second draw of three per class
  np.testing.assert_array_equal(labels, TRAIN.labels[SUPPORT[1]])
  np.testing.assert_array_equal(
    inputs, TRAIN.inputs[SUPPORT[1]][:, PERMUTATIONS[0]]
  )
  assert num_classes == CLASSES
  own = pick(scores, "own", layers="none")
  np.testing.assert_allclose(own.accuracies, 0.25)
  assert own.dimension == 0


def test_a_ceiling_is_fitted_on_all_labels(comparison):
  sizes = []

  @dataclasses.dataclass(frozen=True)
  class Ceiling(LabelledBaseline):
    needs_all_labels = True

    def fit_labelled(self, inputs, labels, num_classes, seed=0):
      sizes.append(len(inputs))
      return lambda query: np.zeros(len(query))

  comparison.baseline("ceiling", Ceiling())
  assert sizes == [80] * 3


@pytest.mark.parametrize("permute", [False, True])
def test_inputs_of_task_baselines_are_permuted_if_they_want(
  comparison, permute
):
  seen = []

  @dataclasses.dataclass(frozen=True)
  class FromTasks(TaskBaseline):
    permute_inputs: bool

    def fit_tasks(self, sampler, seed=0):
      assert sampler == "a sampler"

      class Kept(Features):
        def layers(self, inputs):
          seen.append(inputs)
          return (inputs,)

      return Kept()

  comparison.baseline("tasks", FromTasks(permute), "a sampler")
  order = PERMUTATIONS[2] if permute else np.arange(INPUTS)
  np.testing.assert_array_equal(seen[-1][12:], TEST.inputs[:, order])


def test_features_that_are_not_finite_count_as_constants(comparison):
  @dataclasses.dataclass(frozen=True)
  class Broken(Baseline):
    is_random = False

    def fit(self, unlabelled, seed=0):
      class Infinite(Features):
        def layers(self, inputs):
          return (np.full([len(inputs), 2], np.inf),)

      return Infinite()

  own = pick(comparison.baseline("broken", Broken()), "ridge")
  assert own.num_diverged == 2
  np.testing.assert_allclose(own.accuracies, 0.25)


def test_the_same_seed_gives_the_same_numbers(comparison):
  first, again = (
    pick(comparison.random_init(), "ridge").accuracies for _ in range(2)
  )
  np.testing.assert_array_equal(first, again)


def test_progress_is_reported():
  reports = []
  comparison = Comparison(
    TRAIN, TEST, CONFIG, (1,), lambda *report: reports.append(report)
  )
  comparison.baseline("raw", RawInputs())
  assert reports == [
    ("raw", "fit", 1, 1),
    ("raw", "episode", 1, 2),
    ("raw", "episode", 2, 2),
  ]


def test_bad_data_and_rules_are_told_before_any_work(comparison):
  with pytest.raises(ValueError, match="20 examples"):
    Comparison(TRAIN, TEST, CONFIG, (1, 11))
  published = UpdateRule(RuleConfig(output_size=7))
  with pytest.raises(ValueError, match="Received: 6 units"):
    comparison.check_rules({"rule": ComparedRule(published, CONFIG)})
  comparison.check_rules({"rule": ComparedRule(Hebbian(), CONFIG)})
