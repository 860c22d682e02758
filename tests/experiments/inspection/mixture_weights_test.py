# SPDX-License-Identifier: Apache-2.0
"""Tests that a term's coefficient stands beside its name."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.inspection.mixture_weights import mixture_weights
from lurl_tf.rule.arithmetic.mixers import Linear
from lurl_tf.rule.learned.weight_change import WeightTerms, merge_terms
from tests.tiny_models import tiny_rule


def coefficients_of(rule):
  """The variables of the release that hold coefficients."""
  return [
    variable
    for variable, name in zip(rule.meta_parameters, rule.meta_parameter_names)
    if variable.shape == (len(WeightTerms._fields), 1)
  ]


@pytest.fixture(name="rule", scope="module")
def fixture_rule():
  return tiny_rule()


@pytest.mark.parametrize("index,name", list(enumerate(WeightTerms._fields)))
def test_a_name_is_that_of_the_term_it_scales(rule, index, name):
  """Only that term makes a difference where all others' coefficients are 0."""
  (variable,) = coefficients_of(rule)
  variable.assign(np.eye(len(WeightTerms._fields))[:, index : index + 1])
  weights = mixture_weights(rule)
  assert weights == {each: float(each == name) for each in WeightTerms._fields}
  generator = np.random.default_rng(0)
  terms = WeightTerms(
    *(tf.constant(generator.normal(size=[4, 3])) for _ in WeightTerms._fields)
  )
  no_shrinking = terms._replace(current=tf.zeros([4, 3], tf.float64))
  kernel = np.array([[weights[each]] for each in WeightTerms._fields])
  change, without = (
    merge_terms(Linear(tf.constant(kernel), tf.zeros([1], tf.float64)), each)
    for each in (
      no_shrinking,
      no_shrinking._replace(**{name: tf.zeros([4, 3], tf.float64)}),
    )
  )
  np.testing.assert_array_equal(without, np.zeros([4, 3]))
  assert (np.abs(change).max() > 0) == (name != "current")


def test_backward_weights_have_coefficients_of_their_own():
  rule = tiny_rule(identical_updates=False)
  forward, backward = coefficients_of(rule)
  forward.assign(np.arange(12.0)[:, np.newaxis])
  backward.assign(-np.arange(12.0)[:, np.newaxis])
  weights = mixture_weights(rule)
  assert len(weights) == 24
  for index, name in enumerate(WeightTerms._fields):
    assert weights[name] == index
    assert weights[f"V/{name}"] == -index
