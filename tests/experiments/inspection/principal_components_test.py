# SPDX-License-Identifier: Apache-2.0
"""Tests of principal components against scikit-learn's."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from experiments.inspection.principal_components import project


@pytest.mark.parametrize("shape", [(40, 6), (5, 9), (40, 2)])
def test_scikit_learn_finds_the_same(shape):
  generator = np.random.default_rng(0)
  features = generator.normal(size=shape) * np.arange(1, shape[1] + 1)
  projection = project(features)
  reference = PCA().fit(features)
  count = min(3, *shape)
  shares = reference.explained_variance_ratio_
  np.testing.assert_allclose(
    projection.explained[: len(shares)], shares, atol=1e-9
  )
  assert projection.explained.shape == shape[1:]
  np.testing.assert_allclose(projection.explained.sum(), 1)
  # The signs are chance.
  np.testing.assert_allclose(
    np.abs(projection.coordinates[:, :count]),
    np.abs(reference.transform(features)[:, :count]),
    atol=1e-9,
  )
  assert projection.coordinates.shape == (shape[0], 3)
  assert not projection.coordinates[:, count:].any()


def test_signs_do_not_depend_on_chance():
  features = np.random.default_rng(0).normal(size=[30, 5])
  order = np.random.default_rng(1).permutation(30)
  np.testing.assert_allclose(
    project(features).coordinates[order], project(features[order]).coordinates
  )


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_features_that_say_nothing_explain_nothing(value):
  projection = project(np.full([8, 4], value))
  assert not projection.explained.any()
  assert not projection.coordinates.any()
