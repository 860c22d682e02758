# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-parameters as one vector."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.flat_parameters import (
  flatten_parameters,
  parameter_mask,
  unflatten_parameters,
)
from lurl_tf.rule.learned.parameter_specs import ordered_specs
from tests import tiny_meta


@pytest.fixture(name="rule")
def fixture_rule():
  return tiny_meta.make_rule(tiny_meta.make_rule_config())


def test_the_vector_holds_theta_in_order_then_the_log_rates(rule):
  vector = flatten_parameters(tiny_meta.make_parameters(rule, (0.3, 0.1, 0.2)))
  expected = np.concatenate(
    [
      *(each.numpy().ravel() for each in rule.meta_parameters),
      np.log([0.3, 0.1, 0.2]),
    ]
  )
  np.testing.assert_array_equal(vector, expected.astype(np.float32))


def test_unflattening_is_the_inverse_also_with_an_axis_of_tasks(rule):
  parameters = tiny_meta.make_parameters(rule)
  vector = flatten_parameters(parameters)
  one = unflatten_parameters(rule.config, vector)
  tiny_meta.assert_all_equal(one, parameters)
  two = unflatten_parameters(rule.config, tf.stack([vector, 2 * vector]))
  for each, expected in zip(tf.nest.flatten(two), tf.nest.flatten(parameters)):
    assert each.shape == [2, *expected.shape]
    np.testing.assert_array_equal(each[1], 2 * expected)


def test_a_mask_selects_by_name(rule):
  names = [spec.name for spec in ordered_specs(rule.config)]
  mask = parameter_mask(rule.config, 2, ["readout_coeffs/w", "log_inner"])
  parts = unflatten_parameters(rule.config, tf.constant(mask))
  assert parts.log_rates.numpy().all()
  for name, part in zip(names, parts.rule):
    assert np.all(part.numpy() == name.endswith("readout_coeffs/w")), name
  assert mask.sum() == 12 + 2
  assert parameter_mask(rule.config, 2, ["."]).all()


def test_a_pattern_without_a_name_is_refused(rule):
  with pytest.raises(ValueError, match="forward_.*Received: pattern='no_such'"):
    parameter_mask(rule.config, 1, ["coeffs", "no_such"])
