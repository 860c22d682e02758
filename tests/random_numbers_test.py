# SPDX-License-Identifier: Apache-2.0
"""Tests of the random streams: values that results rest on never change."""

import numpy as np
import pytest

from lurl_tf.random_numbers import Stream

# Streams whose keys have one form, with the values of the first release.
GROUPS = (
  {"TASK": 0, "TASK_BATCH": 1, "TASK_EPISODE": 2, "TASK_DEVICE_SEED": 3},
  {"SLOT": 0, "TRUNCATION": 1, "FRESH_WEIGHTS": 2},
  {"SYNTHETIC_CLUSTERS": 0, "SYNTHETIC_DECODERS": 1},
  {"BUCKET": 5},
  {"TRUNCATION_LENGTH": 16, "HORIZON": 17},
  {
    "EVALUATION_PERMUTATION": 0,
    "EVALUATION_SUPPORT": 1,
    "EVALUATION_BATCH": 2,
    "BASELINE_FIT": 17,
  },
  {"SHUFFLE": 1, "HOLD_OUT": 2, "PARTITION": 3, "PARTITION_EPISODE": 4},
  {"EVALUATION_WEIGHTS": 1073741824},
  {"PERTURBATIONS": 1073741824},
)


def test_values_are_those_of_the_first_release():
  expected = {name: value for group in GROUPS for name, value in group.items()}
  assert {n: int(s) for n, s in Stream.__members__.items()} == expected


@pytest.mark.parametrize("group", GROUPS)
def test_streams_of_one_form_of_key_differ(group):
  assert len({Stream[name] for name in group}) == len(group)


def test_a_stream_seeds_as_its_number_does():
  one, other = (np.random.default_rng([7, s, 1]) for s in (Stream.HORIZON, 17))
  np.testing.assert_array_equal(one.random(8), other.random(8))
