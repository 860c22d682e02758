# SPDX-License-Identifier: Apache-2.0
"""Tests of what is looked at, and when."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from experiments.inspection import findings as inspection
from lurl_tf.evaluation import EvaluationConfig
from lurl_tf.rule import get
from lurl_tf.structures import LabelledExamples

CONFIG = EvaluationConfig(
  units=(6, 4),
  batch_size=8,
  inner_steps=(0, 3, 4),
  learning_rates=(0.1,),
  horizon=3,
  initial_weights=1,
)


def make_split(seed, count, image_shape=(3, 3, 1)):
  generator = np.random.default_rng(seed)
  size = int(np.prod(image_shape))
  inputs = generator.integers(0, 256, (count, size)).astype(np.uint8)
  labels = (np.arange(count) % 2).astype(np.int32)
  return LabelledExamples(inputs, labels, ("a", "b"), image_shape)


def make_finding(name="oja", dataset="tiny", **options):
  return inspection.inspect(
    inspection.Subject(
      name,
      get(name),
      dataset,
      make_split(0, 40, **options),
      make_split(1, 600, **options),
      CONFIG,
    )
  )


@pytest.mark.parametrize(
  ("asked", "expected"),
  [
    (None, (0, 10, 100, 1000)),
    ((1000, 10_000), (0, 100, 1000, 10_000)),
    ((0, 100), (0, 100)),
  ],
)
def test_the_start_and_the_rules_own_end_are_always_looked_at(asked, expected):
  assert inspection.snapshot_steps(100, asked) == expected


def test_features_of_test_examples_are_projected(capsys):
  finding = make_finding()
  assert finding.horizon == 3
  assert list(finding.snapshots) == list(finding.projections) == [0, 3, 4]
  np.testing.assert_array_equal(
    finding.labels, np.arange(inspection.MOST_POINTS) % 2
  )
  for steps, projection in finding.projections.items():
    features = finding.snapshots[steps].features(
      finding.subject.test.inputs[: inspection.MOST_POINTS], "relu"
    )
    np.testing.assert_allclose(
      projection.explained,
      PCA().fit(features).explained_variance_ratio_,
      atol=1e-6,
    )
  first, last = (finding.projections[steps].explained for steps in (0, 4))
  assert np.abs(first - last).max() > 1e-3
  assert "oja, tiny  inner step 4/4" in capsys.readouterr().out
