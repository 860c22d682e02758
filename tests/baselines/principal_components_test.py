# SPDX-License-Identifier: Apache-2.0
"""Tests of principal components by the eigenvectors of the covariance."""

import numpy as np
import pytest

from lurl_tf.baselines import PrincipalComponents
from tests.baselines.clusters import make_clusters


def test_against_the_covariance():
  inputs, _ = make_clusters(60)
  features = PrincipalComponents(3).fit(inputs)(inputs)
  variances, directions = np.linalg.eigh(np.cov(inputs, rowvar=False))
  expected = (inputs - inputs.mean(axis=0)) @ directions[:, :-4:-1]
  np.testing.assert_allclose(np.abs(features), np.abs(expected), atol=1e-4)
  whitened = PrincipalComponents(3, whiten=True).fit(inputs)(inputs)
  np.testing.assert_allclose(
    np.abs(whitened), np.abs(expected) / np.sqrt(variances[:-4:-1]), atol=1e-3
  )


def test_no_more_than_there_are():
  inputs, _ = make_clusters(60)
  features = PrincipalComponents(32).fit(inputs)(inputs)
  assert features.shape == (60, 12)
  # All components together are a rotation.
  centred = inputs - inputs.mean(axis=0)
  np.testing.assert_allclose(
    features @ features.T, centred @ centred.T, atol=1e-4
  )


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: components=0"):
    PrincipalComponents(0)
