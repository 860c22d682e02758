# SPDX-License-Identifier: Apache-2.0
"""Tests that the analytic count is that of TensorFlow's profiler."""

import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.rule.learned.operation_count import inner_step_operations

PRODUCTS = ("MatMul", "BatchMatMulV2")


def profiled_operations(rule_config, input_size, units, batch_size):
  """What TensorFlow's profiler counts for the graph's matrix products."""
  rule = lurl_tf.UpdateRule(rule_config)
  weights = lurl_tf.layers.initial_weights(input_size, units, seed=(0, 0))
  graph = (
    tf.function(lurl_tf.inner_step, autograph=False)
    .get_concrete_function(rule, weights, tf.zeros([batch_size, input_size]))
    .graph
  )
  profiler = tf.compat.v1.profiler
  options = profiler.ProfileOptionBuilder(
    profiler.ProfileOptionBuilder.float_operation()
  )
  total = 0
  for kind in PRODUCTS:
    found = profiler.profile(
      graph,
      cmd="op",
      options=options.with_accounted_types([kind]).with_empty_output().build(),
    )
    total += found.total_float_ops
  return total


@pytest.mark.parametrize("mixing", ["published", "pooled"])
@pytest.mark.parametrize("identical_updates", [True, False])
@pytest.mark.parametrize("units", [(6,), (7, 5, 6)])
def test_the_count_is_the_profilers(mixing, identical_updates, units):
  config = lurl_tf.RuleConfig(
    hidden_channels=8,
    delta_channels=5,
    top_channels=4,
    readout_channels=2,
    output_size=6,
    mixing=mixing,
    identical_updates=identical_updates,
  )
  sizes = (config, 11, units, 9)
  assert inner_step_operations(*sizes) == profiled_operations(*sizes)
