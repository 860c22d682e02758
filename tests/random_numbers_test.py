# SPDX-License-Identifier: Apache-2.0
"""Tests of random streams and draws, against SciPy and with XLA."""

import functools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from lurl_tf import random_numbers
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


SEED, SHAPE = (3, 5), [4000]
DRAWS = {
  "uniform": random_numbers.uniform,
  "normal": random_numbers.normal,
  "truncated_normal": random_numbers.truncated_normal,
  "cut_at_4": functools.partial(random_numbers.truncated_normal, cut=4.0),
}


def integers():
  """The bits that every draw is computed from."""
  return tf.random.stateless_uniform(
    SHAPE, SEED, minval=None, maxval=None, dtype=tf.int32, alg="philox"
  ).numpy()


def expected(name):
  share = integers().astype(np.float64) / 2**31
  if name == "uniform":
    return share
  if name == "normal":
    # The quantile function of the normal distribution.
    share = np.clip(share, -(1 - 1e-6), 1 - 1e-6)
    return scipy.special.ndtri((1 + share) / 2)
  cut = 4 if name == "cut_at_4" else 2
  mass = scipy.stats.norm.cdf(cut) - scipy.stats.norm.cdf(-cut)
  return scipy.special.ndtri((1 + mass * share) / 2)


@pytest.mark.parametrize("name", DRAWS)
def test_values_are_quantiles_of_the_distribution(name):
  actual = DRAWS[name](SHAPE, SEED, "float64")
  np.testing.assert_allclose(actual, expected(name), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", DRAWS)
def test_xla_draws_the_same_numbers(name):
  draw = tf.function(
    lambda: DRAWS[name](SHAPE, SEED, "float32"),
    jit_compile=True,
    autograph=False,
  )
  plain = DRAWS[name](SHAPE, SEED, "float32")
  np.testing.assert_allclose(draw(), plain, rtol=1e-5, atol=1e-6)


def test_moments():
  share = random_numbers.uniform(SHAPE, SEED, "float32").numpy()
  assert abs(share.mean()) < 0.05 and abs(share.var() - 1 / 3) < 0.02
  values = random_numbers.normal(SHAPE, SEED, "float32").numpy()
  assert abs(values.mean()) < 0.05 and abs(values.std() - 1) < 0.05
  cut = random_numbers.truncated_normal(SHAPE, SEED, "float32").numpy()
  assert np.abs(cut).max() <= 2
  assert abs(cut.std() - scipy.stats.truncnorm.std(-2, 2)) < 0.03
