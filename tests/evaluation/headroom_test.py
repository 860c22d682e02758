# SPDX-License-Identifier: Apache-2.0
"""Tests that headroom separates learnable tasks from others."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from lurl_tf.evaluation.headroom import measure_headroom
from lurl_tf.structures import LabelledExamples
from lurl_tf.tasks import (
  AugmentationConfig,
  Bucket,
  EpisodeConfig,
  TaskSampler,
  WeightedDataSet,
)

INPUTS, CLASSES, PER_CLASS = 12, 4, 60
EPISODES = EpisodeConfig(
  classes_per_task=2, batch_size=32, support_per_class=10, query_per_class=15
)
BUCKET = Bucket((9, 8), image_size=None, episodes=EPISODES)
PLAIN = AugmentationConfig()


def examples_of(inputs, labels):
  return LabelledExamples(
    inputs.astype(np.float32),
    labels.astype(np.int32),
    tuple(f"class {label}" for label in range(CLASSES)),
    (INPUTS,),
  )


def make_sampler(use="meta_train"):
  """Noise; classes far apart; classes of two opposite clusters each."""
  generator = np.random.default_rng(0)
  labels = np.repeat(np.arange(CLASSES), PER_CLASS)
  noise = 0.1 * generator.normal(size=(len(labels), INPUTS))
  centers = 0.5 * np.eye(CLASSES, INPUTS)[labels]
  signs = generator.choice([-1, 1], (len(labels), 1))
  data = {"noise": noise, "apart": noise + centers}
  data["opposite"] = noise + 3 * signs * centers
  return TaskSampler(
    [WeightedDataSet(n, examples_of(x, labels)) for n, x in data.items()],
    EPISODES,
    use=use,
  )


def test_what_each_kind_of_features_can_tell():
  sampler = make_sampler()
  noise, apart, opposite = (
    measure_headroom(sampler, BUCKET, PLAIN, name)
    for name in ("noise", "apart", "opposite")
  )
  for row in (noise, apart, opposite):
    assert row.chance == 0.5
  for score in (noise.raw_inputs, noise.random_features, noise.k_means):
    assert abs(score.accuracy - 0.5) < 4 * score.accuracy_stderr
    assert score.loss > 0.9
  assert apart.raw_inputs.accuracy > 0.98
  assert apart.raw_inputs.loss < 0.5
  # No line separates the two, but four clusters do.
  assert opposite.raw_inputs.accuracy < 0.6
  assert opposite.k_means.accuracy > 0.98
  assert opposite.gain == (
    opposite.k_means.accuracy - opposite.random_features.accuracy
  )


def test_raw_inputs_agree_with_the_ridge_regression_of_scikit_learn():
  sampler = make_sampler()
  row = measure_headroom(sampler, BUCKET, PLAIN, "noise", tasks=3, seed=5)
  twin = TaskSampler([sampler.data_sets[0]], EPISODES, seed=5)
  accuracies, losses = [], []
  for slot in range(3):
    task = twin.task(slot, 0)
    episode = twin.episodes(task, 1, slot, 0)
    support, support_targets, query, query_targets = (
      np.asarray(array[0, 0], np.float64) for array in episode[:4]
    )
    spread = np.sum((support - support.mean(axis=0)) ** 2) / INPUTS
    # Centred and of unit power: one half becomes the square root of a half.
    targets = (support_targets - 0.5) * np.sqrt(2)
    ridge = Ridge(alpha=0.1 * spread).fit(support, targets)
    logits = ridge.predict(query)
    hits = logits.argmax(axis=1) == query_targets.argmax(axis=1)
    accuracies.append(hits.mean())
    error = np.sum((logits - (query_targets - 0.5) * np.sqrt(2)) ** 2, axis=1)
    losses.append(error.mean())
  np.testing.assert_allclose(row.raw_inputs.accuracy, np.mean(accuracies), 1e-6)
  np.testing.assert_allclose(row.raw_inputs.loss, np.mean(losses), 1e-4)
  np.testing.assert_allclose(
    row.raw_inputs.accuracy_stderr,
    np.std(accuracies, ddof=1) / np.sqrt(3),
    rtol=1e-5,
    atol=1e-9,
  )


def test_examples_are_varied_as_the_rule_gets_them():
  noisy = AugmentationConfig(noise_stddev=5.0)
  row = measure_headroom(make_sampler(), BUCKET, noisy, "apart")
  assert row.raw_inputs.accuracy < 0.8


def test_the_same_seed_gives_the_same_numbers():
  first, again, other = (
    measure_headroom(make_sampler(), BUCKET, PLAIN, "apart", 3, seed)
    for seed in (1, 1, 2)
  )
  assert first == again
  assert first.random_features != other.random_features


@pytest.mark.parametrize(
  ("data_set", "tasks"), [("mnist", 5), ("noise", 1)], ids=["name", "tasks"]
)
def test_bad_arguments_are_told(data_set, tasks):
  with pytest.raises(
    ValueError, match=rf"noise, apart, opposite.*Received: .*tasks={tasks}"
  ):
    measure_headroom(make_sampler(), BUCKET, PLAIN, data_set, tasks)
