# SPDX-License-Identifier: Apache-2.0
"""Tests of the comparison of estimators, on very short inner trainings."""

import numpy as np
import pytest

from experiments.compare_estimators import Problem, compare
from lurl_tf.meta.estimators import EstimatorConfig
from tests.tiny_meta import eagerly


@pytest.fixture(scope="module", name="problem")
def fixture_problem():
  return Problem(horizon=2, truncation=1, slots=2)


@pytest.fixture(scope="module", name="exact")
def fixture_exact(problem):
  with eagerly():
    return problem.estimates(EstimatorConfig("bptt"), 1)[0][0]


def test_full_backpropagation_is_exact_and_truncated_is_not(problem, exact):
  with eagerly():
    full = compare(problem, EstimatorConfig("bptt"), 2, exact)
    truncated = compare(problem, EstimatorConfig("tbptt"), 2, exact)
  assert (full.bias, full.variance) == (0, 0)
  assert full.cosine == pytest.approx(1)
  assert truncated.variance == 0 and truncated.bias > 0.1
  assert truncated.inner_steps == full.inner_steps == 2
  assert truncated.seconds > 0


def test_evolution_differs_from_training_to_training(problem, exact):
  """Compiled: of the three, it takes the least to compile."""
  config = EstimatorConfig("es_single", pairs=2)
  estimates, _ = problem.estimates(config, 8)
  assert estimates.shape == (8, len(exact))
  row = compare(problem, config, 8, exact)
  mean = estimates.mean(axis=0)
  assert row.bias == pytest.approx(
    np.linalg.norm(mean - exact) / np.linalg.norm(exact)
  )
  spread = sum(np.var(column, ddof=1) for column in estimates.T)
  assert row.variance == pytest.approx(spread / np.sum(exact**2))
  assert row.variance > 0.01
  # Without bias, the squared distance is about the variance of the mean.
  assert row.bias < 4 * row.bias_error
  assert row.inner_steps == 2 * 2 * 2
