# SPDX-License-Identifier: Apache-2.0
"""Properties of the rule as a whole; its numbers are in golden_test.py."""

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.rule.learned.update_rule import propose_changes
from lurl_tf.structures import LayerWeights, RuleConfig

INPUTS, BATCH = 6, 9


def make_rule(mixing="pooled", output_size=4, **options):
  return lurl_tf.UpdateRule(
    RuleConfig(
      hidden_channels=6,
      delta_channels=4,
      top_channels=5,
      readout_channels=2,
      output_size=output_size,
      mixing=mixing,
      dtype="float64",
      **options,
    ),
    seed=1,
  )


def draw_weights(units=(5, 4), seed=0, inputs=INPUTS):
  generator = np.random.default_rng(seed)
  sizes = (inputs, *units)
  return tuple(
    LayerWeights(
      *(
        tf.constant(generator.normal(size=shape))
        for shape in ((below, above), (above,), (below, above))
      )
    )
    for below, above in zip(sizes[:-1], sizes[1:])
  )


def draw_inputs(seed=0, batch=BATCH):
  return tf.constant(
    np.random.default_rng([7, seed]).normal(size=(batch, INPUTS))
  )


def propose(rule, weights, inputs, activation="relu"):
  return rule(weights, lurl_tf.forward(weights, inputs, activation))


def assert_same(one, other, rtol=1e-9):
  for actual, expected in zip(tf.nest.flatten(one), tf.nest.flatten(other)):
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(actual, expected, atol=rtol * scale, rtol=0)


def permute_layer(weights, layer, order):
  """Renumbers the units of a hidden layer, or with layer -1 of the top."""
  weights = list(weights)
  below = weights[layer]
  weights[layer] = LayerWeights(
    tf.gather(below.kernel, order, axis=1),
    tf.gather(below.bias, order, axis=0),
    tf.gather(below.backward_kernel, order, axis=1),
  )
  if layer not in (-1, len(weights) - 1):
    above = weights[layer + 1]
    weights[layer + 1] = LayerWeights(
      tf.gather(above.kernel, order, axis=0),
      above.bias,
      tf.gather(above.backward_kernel, order, axis=0),
    )
  return tuple(weights)


def program_bytes(rule, units):
  """Of the graph for so many inputs and hidden units; nothing runs."""
  program = tf.function(lambda *arguments: propose(rule, *arguments))
  weights = draw_weights((units, 4), inputs=units)
  inputs = tf.zeros([BATCH, units], tf.float64)
  graph = program.get_concrete_function(weights, inputs).graph
  return graph.as_graph_def().ByteSize()


@pytest.mark.parametrize("mixing", ["published", "pooled"])
def test_programs_of_wide_layers_hold_no_matrices(mixing):
  """A matrix of all pairs of units in the graph: 32 MB here, 0.8 GB at 10^4."""
  rule = make_rule(mixing)
  grown = program_bytes(rule, units=2000) - program_bytes(rule, units=20)
  assert grown < 1e6


def test_pooled_update_is_free_of_the_order_of_examples():
  rule, weights, inputs = make_rule(), draw_weights(), draw_inputs()
  order = np.random.default_rng(3).permutation(BATCH)
  assert_same(
    propose(rule, weights, tf.gather(inputs, order)),
    propose(rule, weights, inputs),
  )


@pytest.mark.parametrize("identical_updates", [True, False])
@pytest.mark.parametrize("layer", [0, -1])
def test_pooled_update_follows_a_renumbering_of_units(layer, identical_updates):
  rule = make_rule(identical_updates=identical_updates)
  weights, inputs = draw_weights(), draw_inputs()
  size = weights[layer].bias.shape[0]
  order = np.random.default_rng(4).permutation(size)
  assert list(order) != sorted(order)
  assert_same(
    propose(rule, permute_layer(weights, layer, order), inputs),
    permute_layer(propose(rule, weights, inputs), layer, order),
  )


def test_pooled_update_follows_a_renumbering_of_inputs():
  rule, weights, inputs = make_rule(), draw_weights(), draw_inputs()
  order = np.random.default_rng(5).permutation(INPUTS)

  def renumber(layers):
    first = layers[0]
    return (
      LayerWeights(
        tf.gather(first.kernel, order),
        first.bias,
        tf.gather(first.backward_kernel, order),
      ),
      *layers[1:],
    )

  assert_same(
    propose(rule, renumber(weights), tf.gather(inputs, order, axis=1)),
    renumber(propose(rule, weights, inputs)),
  )


def test_published_update_depends_on_the_order_of_examples():
  rule, weights, inputs = make_rule("published"), draw_weights(), draw_inputs()
  one = propose(rule, weights, inputs)[0].kernel
  other = propose(rule, weights, inputs[::-1])[0].kernel
  assert np.max(np.abs(one - other)) > 1e-3


@pytest.mark.parametrize("top", [1, 2, 11])
def test_pooled_rule_serves_any_output_size(top):
  weights = draw_weights((5, top))
  changes = propose(make_rule(), weights, draw_inputs())
  for change, layer in zip(changes, weights):
    for one, other in zip(change, layer):
      assert one.shape == other.shape
      assert np.all(np.isfinite(one))


def test_published_rule_names_the_output_size_it_serves():
  with pytest.raises(ValueError, match="4 units. Received: 3 units"):
    propose(make_rule("published"), draw_weights((5, 3)), draw_inputs())


@pytest.mark.parametrize("mixing", ["published", "pooled"])
@pytest.mark.parametrize("units", [(4,), (3, 5, 2, 4)])
def test_any_depth_and_a_task_axis(mixing, units):
  """Three tasks together, also with theta of their own, equal three alone."""
  rule = make_rule(mixing)
  weights = [draw_weights(units, seed) for seed in range(3)]
  inputs = [draw_inputs(seed) for seed in range(3)]
  alone = [propose(rule, *pair) for pair in zip(weights, inputs)]
  expected = tf.nest.map_structure(lambda *rows: tf.stack(rows), *alone)
  stacked = tf.nest.map_structure(lambda *rows: tf.stack(rows), *weights)
  activations = lurl_tf.forward(stacked, tf.stack(inputs))
  assert_same(rule(stacked, activations), expected)
  copies = tf.nest.map_structure(
    lambda value: tf.stack([value] * 3), rule.parameters()
  )
  assert_same(
    propose_changes(rule.config, copies, stacked, activations), expected
  )


@pytest.mark.parametrize("mixing", ["published", "pooled"])
def test_compiled_equals_eager(mixing):
  rule, weights, inputs = make_rule(mixing), draw_weights(), draw_inputs()
  compiled = tf.function(propose, jit_compile=True, autograph=False)
  assert_same(compiled(rule, weights, inputs), propose(rule, weights, inputs))


def test_separate_updates_use_v_for_v():
  rule = make_rule("published", identical_updates=False)
  weights, inputs = draw_weights(), draw_inputs()
  changes = propose(rule, weights, inputs)
  assert np.max(np.abs(changes[0].kernel - changes[0].backward_kernel)) > 1e-3
  shared = propose(make_rule("published"), weights, inputs)
  np.testing.assert_array_equal(shared[0].kernel, shared[0].backward_kernel)


def count_operations(mixing):
  """Multiplications and additions of matrix products in one proposal."""
  config = RuleConfig(mixing=mixing)
  rule = lurl_tf.UpdateRule(config)
  weights = lurl_tf.layers.initial_weights(196, (128, 32), (0, 0))
  function = tf.function(propose, autograph=False)
  graph = function.get_concrete_function(
    rule, weights, tf.TensorSpec([128, 196])
  ).graph
  total = 0
  for operation in graph.get_operations():
    if operation.type in ("MatMul", "BatchMatMulV2"):
      left = operation.inputs[0].shape
      transposed = operation.node_def.attr[
        "transpose_a" if operation.type == "MatMul" else "adj_x"
      ].b
      inner = left[-2] if transposed else left[-1]
      total += 2 * inner * np.prod(operation.outputs[0].shape)
    assert "Conv" not in operation.type
  return total


def test_pooled_rule_needs_fewer_than_half_the_operations():
  assert count_operations("pooled") < 0.5 * count_operations("published")


def test_presets_round_trip(tmp_path):
  rule = make_rule("published", identical_updates=False)
  metadata = lurl_tf.presets.PresetMetadata(units=(5, 4), outer_steps=3)
  rule.save_preset(tmp_path / "rule", metadata)
  loaded = lurl_tf.UpdateRule.from_preset(tmp_path / "rule")
  assert loaded.config == rule.config
  assert loaded.metadata.units == (5, 4)
  for one, other in zip(loaded.meta_parameters, rule.meta_parameters):
    np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_all_meta_parameters_are_variables_of_the_module():
  rule = lurl_tf.UpdateRule()
  assert len(rule.trainable_variables) == len(rule.meta_parameters) == 72
  count = sum(int(tf.size(variable)) for variable in rule.meta_parameters)
  assert count == 114_670


def test_card_prints_how_the_rule_was_made(capsys):
  lurl_tf.UpdateRule.from_preset("pooled").card()
  text = capsys.readouterr().out
  assert "Tasks            small" in text
  assert "Outer steps      1,200" in text
