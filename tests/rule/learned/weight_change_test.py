# SPDX-License-Identifier: Apache-2.0
"""A term that is added to the weight change leaves stored rules unchanged."""

import collections
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.rule.learned import weight_change

CHECKPOINT = (
  pathlib.Path(__file__).parents[2]
  / "golden"
  / "case_a_tf1_checkpoint"
  / "tf_graph_data.ckpt"
)
COEFFICIENTS = "forward_weight_readout_coeffs/w"


@pytest.fixture(name="add_term")
def fixture_add_term(monkeypatch):
  """Makes the square of w a 13th term."""

  def add():
    terms, compute = weight_change.WeightTerms, weight_change.weight_terms
    longer = collections.namedtuple("WeightTerms", [*terms._fields, "square"])

    def weight_terms(kernel, *arguments):
      return longer(*compute(kernel, *arguments), tf.square(kernel))

    monkeypatch.setattr(weight_change, "WeightTerms", longer)
    # The function looks its class up by name: it makes the old one.
    compute = _with_global(compute, "WeightTerms", terms)
    monkeypatch.setattr(weight_change, "weight_terms", weight_terms)

  return add


def _with_global(function, name, value):
  scope = {**function.__globals__, name: value}
  return type(function)(function.__code__, scope, function.__name__)


def proposals(rule, top):
  weights = lurl_tf.layers.initial_weights(5, units=(7, top), seed=(0, 1))
  inputs = tf.random.stateless_normal([6, 5], (0, 2))
  return tf.nest.flatten(rule(weights, lurl_tf.forward(weights, inputs)))


def coefficients_of(rule):
  index = rule.meta_parameter_names.index(COEFFICIENTS)
  return rule.meta_parameters[index]


@pytest.mark.parametrize("kind", ["pooled", "published_mixing", "tf1"])
def test_stored_rules_get_a_coefficient_of_zero(kind, add_term):
  def load():
    if kind == "tf1":
      return lurl_tf.from_tf1_checkpoint(CHECKPOINT)
    return lurl_tf.UpdateRule.from_preset(kind)

  before = load()
  top = before.config.output_size
  expected = proposals(before, top)
  assert coefficients_of(before).shape == (12, 1)
  add_term()
  rule = load()
  assert coefficients_of(rule).shape == (13, 1)
  np.testing.assert_array_equal(
    coefficients_of(rule),
    np.concatenate([coefficients_of(before), np.zeros((1, 1))]),
  )
  for one, other in zip(proposals(rule, top), expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
  # The new term takes part.
  coefficients_of(rule)[12, 0].assign(1.0)
  changed = proposals(rule, top)
  assert np.abs(changed[0] - expected[0]).max() > 1e-3


def test_a_new_rule_starts_with_the_term(add_term, tmp_path):
  add_term()
  rule = lurl_tf.UpdateRule(lurl_tf.RuleConfig(identical_updates=False))
  np.testing.assert_allclose(coefficients_of(rule), np.full((13, 1), 0.1))
  rule.save_preset(tmp_path / "rule")
  again = lurl_tf.UpdateRule.from_preset(tmp_path / "rule")
  for one, other in zip(again.meta_parameters, rule.meta_parameters):
    np.testing.assert_array_equal(one, other)
