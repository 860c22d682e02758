# SPDX-License-Identifier: Apache-2.0
"""Tests of random features by the kernel that they approach."""

import numpy as np
import pytest

from lurl_tf.baselines import RandomFeatures
from tests.baselines.clusters import check_seeds, make_clusters


def arc_cosine_kernel(left, right):
  """Of first degree (Cho and Saul 2009, equation 6), times 2 pi / 2 pi."""
  norms = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)
  angles = np.arccos(np.clip(left @ right.T / norms, -1, 1))
  return (
    norms * (np.sin(angles) + (np.pi - angles) * np.cos(angles)) / (2 * np.pi)
  )


def test_inner_products_approach_the_kernel():
  inputs, _ = make_clusters(20)
  baseline = RandomFeatures(200_000, bias_stddev=0.0)
  features = baseline.fit(inputs)(inputs[:5])
  actual = features @ features.T / 200_000
  centred = inputs - inputs.mean(axis=0)
  centred /= np.sqrt(np.sum(centred**2) / len(inputs))
  expected = arc_cosine_kernel(centred[:5], centred[:5])
  np.testing.assert_allclose(actual, expected, atol=0.02)


def test_scale_of_inputs_does_not_matter():
  inputs, _ = make_clusters(20)
  first, other = (
    RandomFeatures(9).fit(scale * inputs)(scale * inputs) for scale in (1, 8)
  )
  np.testing.assert_allclose(first, other, rtol=1e-4, atol=1e-5)


def test_seeds():
  check_seeds(RandomFeatures(5), make_clusters(20)[0])


def test_bad_options_are_told():
  with pytest.raises(ValueError, match="Received: features=0"):
    RandomFeatures(0)
  with pytest.raises(ValueError, match="Received: bias_stddev=-1"):
    RandomFeatures(bias_stddev=-1)
