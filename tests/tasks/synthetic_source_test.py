# SPDX-License-Identifier: Apache-2.0
"""Tests of synthetic families by name."""

import numpy as np
import pytest

from lurl_tf.tasks.sources.load import load_examples
from lurl_tf.tasks.sources.synthetic import (
  ClustersConfig,
  DecodersConfig,
  clusters,
  decoders,
)


def test_a_seed_in_place_of_a_split():
  loaded = load_examples("synthetic:clusters", "3")
  np.testing.assert_array_equal(
    loaded.inputs, clusters(ClustersConfig(), seed=3).inputs
  )
  loaded = load_examples("synthetic:decoders", "0", image_size=9)
  np.testing.assert_array_equal(
    loaded.inputs, decoders(DecodersConfig(image_size=9), seed=0).inputs
  )


@pytest.mark.parametrize(
  ("arguments", "message"),
  [
    (("synthetic:cluster", "0"), "synthetic:clusters, synthetic:decoders"),
    (("synthetic:clusters", "train"), "must be a seed.*split='train'"),
    (("synthetic:clusters", "0", None, 8, 3), "channels=3"),
  ],
)
def test_bad_input_is_named(arguments, message):
  with pytest.raises(ValueError, match=message):
    load_examples(*arguments)
