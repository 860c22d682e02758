# SPDX-License-Identifier: Apache-2.0
"""Tests of `lurl_tf.rule.learned.competition`."""

import numpy as np
from scipy import special

from lurl_tf.rule.learned.competition import SHARPNESS, competition


def test_shares_against_scipy():
  z = np.random.default_rng(0).normal(size=(2, 5, 7))
  expected = 5 * special.softmax(SHARPNESS * z, axis=-2)
  np.testing.assert_allclose(competition(z), expected, rtol=1e-12)


def test_mean_share_is_one():
  z = np.random.default_rng(1).normal(size=(5, 7), scale=10.0)
  np.testing.assert_allclose(np.mean(competition(z), axis=0), 1.0)
