# SPDX-License-Identifier: Apache-2.0
"""Every number that the authors' program left behind, in float64.

`golden/case_a.npz` has identical updates of W and V, `golden/case_c*.npz`
separate ones. Index 0 of their layer-wise arrays is the top layer.
"""

import functools
import pathlib
import re
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.meta.inner.objective import ridge_objective
from lurl_tf.rule.arithmetic.scope import arithmetic_scope
from lurl_tf.rule.learned import weight_change
from lurl_tf.rule.learned.update_rule import compute_signals
from lurl_tf.structures import LayerWeights, RuleConfig

GOLDEN = pathlib.Path(__file__).parent / "golden"
RULE_SCOPE = "theta/MoreLocalWeightUpdateProcess/"
BASE_SCOPE = "LocalWeightUpdateWLearner/LinearBatchNorm"
SHUFFLE = "LocalWeightUpdateWLearner/shuffle_ind"
TERMS = {
  "0_order": "order_0",
  "1_order": "order_1",
  "decorr_x": "decorrelation",
  "hebb": "hebbian",
  "large_decay": "large_decay",
  "lin_lower_symm": "lower_linear_symmetric",
  "lin_upper_psd": "upper_linear_definite",
  "lin_upper_symm": "upper_linear_symmetric",
  "rbf": "radial",
  "sqr_lower_symm": "lower_root_symmetric",
  "sqr_upper_symm": "upper_root_symmetric",
  "w_base": "current",
}
READOUTS = {
  "weight_readout_0": "order_0",
  "weight_readout_rbf": "radial",
  "weight_readout_1": "order_1",
  "lin_upper_symm": "upper_linear_symmetric",
  "lin_upper_psd": "upper_linear_definite",
  "lin_lower_symm": "lower_linear_symmetric",
  "sqr_upper_symm": "upper_root_symmetric",
  "sqr_lower_symm": "lower_root_symmetric",
}


class Case(NamedTuple):
  """A golden file and the rule with its meta-parameters."""

  arrays: dict[str, np.ndarray]
  rule: lurl_tf.UpdateRule
  layers: int
  gradient_steps: int


@functools.cache
def load_case(file, dtype="float64"):
  with np.load(GOLDEN / file) as stored:
    arrays = {name: stored[name] for name in stored.files}
  identical = "metagrad/K2/J" in arrays
  rule = lurl_tf.UpdateRule(
    RuleConfig(
      output_size=arrays["top_delta"].shape[1],
      identical_updates=identical,
      dtype=dtype,
    )
  )
  for variable, name in zip(rule.meta_parameters, rule.meta_parameter_names):
    variable.assign(arrays[RULE_SCOPE + name])
  layers = sum(name.startswith("zs/") for name in arrays)
  return Case(arrays, rule, layers, 2 if identical else 1)


@pytest.fixture(
  name="file", params=["case_a.npz", "case_c_separate_backward_update.npz"]
)
def fixture_file(request):
  return request.param


@pytest.fixture(name="case")
def fixture_case(file):
  return load_case(file)


def base_name(case, layer, which):
  """Name of a variable of phi; backward layers are numbered after all W."""
  index = layer + (case.layers if which.endswith("V") else 0)
  leaf = "b" if which.startswith("b") else "linear/w"
  return f"{BASE_SCOPE}{f'_{index}' if index else ''}/{leaf}"


def weights_of(case, prefix, dtype="float64"):
  """`LayerWeights` of a stored phi."""

  def load(layer, which):
    value = case.arrays[f"{prefix}/{base_name(case, layer, which)}"]
    return tf.constant(value.reshape(-1) if which == "b" else value, dtype)

  return tuple(
    LayerWeights(*(load(layer, which) for which in ("W", "b", "V")))
    for layer in range(case.layers)
  )


def named_weights(case, prefix, weights):
  """Names and values of a phi, as it is stored."""
  for layer, each in enumerate(weights):
    for which, value in zip(("W", "b", "V"), each):
      name = f"{prefix}/{base_name(case, layer, which)}"
      if name in case.arrays:
        value = np.reshape(value, case.arrays[name].shape)
      yield name, value


def inputs_of(case, name):
  images = case.arrays[name].astype("float64")
  order = case.arrays[f"base0/{SHUFFLE}"]
  return images.reshape(len(images), -1)[:, order]


def assert_golden(actual, expected, tolerance=1e-9):
  """`max |difference| <= tolerance * max |expected|`, and the same shape."""
  actual = np.asarray(actual)
  assert actual.shape == expected.shape
  largest = np.max(np.abs(expected))
  if largest < 1e-15:
    assert np.max(np.abs(actual)) < 1e-15
  else:
    assert np.max(np.abs(actual - expected)) <= tolerance * largest


def assert_all_golden(case, values, tolerance=1e-9):
  """Compares named values with the stored ones."""
  for name, value in values.items():
    assert_golden(value, case.arrays[name], tolerance)


def signals_of(case):
  weights = weights_of(case, "base0")
  activations = lurl_tf.forward(weights, inputs_of(case, "batch/0/image"))
  signals = compute_signals(
    case.rule.config, case.rule.parameters(), weights, activations
  )
  return weights, activations, signals


def forward_pass(case):
  _, activations, _ = signals_of(case)
  layers = (activations.inputs, *activations.post_activations)
  for index, values in enumerate(layers):
    yield f"xs/{index}", values
  for index, values in enumerate(activations.pre_activations):
    yield f"zs/{index}", values


def error_signals_and_unit_states(case):
  _, _, signals = signals_of(case)
  top_first = signals.error_signals[::-1]
  yield "top_delta", np.swapaxes(top_first[0], 0, 1)
  for index, state in enumerate(signals.unit_states[::-1]):
    yield f"h/{index}", np.swapaxes(state, 0, 1)
    # The input layer hands its own signal down.
    below = top_first[min(index + 1, case.layers)]
    yield f"d_out/{index}", np.swapaxes(below, 0, 1)


def readouts_terms_and_changes(case):
  weights, activations, signals = signals_of(case)
  changes = case.rule(weights, activations)
  layer_inputs = (activations.inputs, *activations.post_activations)
  directions = [("forward", "kernel")]
  if not case.rule.config.identical_updates:
    directions.append(("backward", "backward_kernel"))
  for place_of_kernel, (direction, field) in enumerate(directions):
    for layer in range(case.layers):
      place = f"l{case.layers - 1 - layer}"
      kernel = getattr(weights[layer], field)
      readouts = weight_change.read_states(
        signals.projections[layer].for_kernels_above[place_of_kernel],
        signals.projections[layer + 1].for_kernels_below[place_of_kernel],
        kernel.dtype,
      )
      terms = weight_change.weight_terms(
        weight_change.normalize_columns(kernel),
        readouts,
        layer_inputs[layer],
        layer_inputs[layer + 1],
      )
      for name, attribute in READOUTS.items():
        golden = f"readout/{place}/{direction}{name}"
        yield golden, getattr(readouts, attribute)
      for name, attribute in TERMS.items():
        term = getattr(terms, attribute)
        golden = f"{direction}/{place}"
        yield f"{golden}/term/{name}", term
        yield f"{golden}/term_norm/{name}", weight_change.limit_columns(term)
      yield f"{direction}/{place}/change_w", getattr(changes[layer], field)
      yield f"forward/{place}/change_b", changes[layer].bias


def states_after_steps(case, dtype="float64"):
  weights = weights_of(case, "base0", dtype)
  unchanged = [base_name(case, layer, "bV") for layer in range(case.layers)]
  prefixes = {1: ("next_state", "state1"), 2: ("state2",), 5: ("state5",)}
  for step in range(5):
    inputs = inputs_of(case, f"batch/{step}/image").astype(dtype)
    weights = lurl_tf.inner_step(case.rule, weights, inputs)
    for prefix in prefixes.get(step + 1, ()):
      yield from named_weights(case, prefix, weights)
      # The order of the inputs and the biases beside V never change.
      for name in (SHUFFLE, *unchanged):
        yield f"{prefix}/{name}", case.arrays[f"base0/{name}"]


def objective_of(case, weights):
  """Objective and features of the stored episode at the given weights."""
  support, query = (
    inputs_of(case, f"meta/{p}/image") for p in ("train", "test")
  )
  features = lurl_tf.forward(weights, np.concatenate([support, query])).features
  one_hot = [
    tf.one_hot(case.arrays[f"meta/{part}/label"], 10, dtype="float64")
    for part in ("train", "test")
  ]
  size = len(support)
  value = ridge_objective(
    features[:size], one_hot[0], features[size:], one_hot[1]
  )
  return value, features


def objectives(case):
  labels = case.arrays["meta/train/label"]
  for step in (0, 1, 2, 5):
    prefix = "base0" if step == 0 else f"state{step}"
    value, features = objective_of(case, weights_of(case, prefix))
    support = features[: len(labels)]
    targets = np.eye(10)[labels] - 0.1
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    design = np.pad(support, [[0, 0], [0, 1]], constant_values=1)
    residual = design @ value.readout.numpy() - targets
    for name, actual in {
      "features_all": features,
      "ridge_x": support,
      "ridge_y": targets,
      "ridge_w": value.readout,
      "J": value.loss,
      "loss": value.loss,
      "stat_total_loss": value.loss,
      "stat_mse_test": value.query_error,
      "stat_mse_train": np.mean(np.sum(residual**2, axis=1)),
      "stat_ridge_component": value.penalty,
      "stat_accuracy_test": value.accuracy,
      "stat_accuracy_train": value.support_accuracy,
    }.items():
      yield f"meta/step{step}/{name}", actual


def meta_gradient(case):
  """Loss, and its gradients by all meta-parameters and weights."""
  prefix = f"metagrad/K{case.gradient_steps}"
  initial = weights_of(case, "base0")
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(tf.nest.flatten(initial))
    weights = initial
    for step in range(case.gradient_steps):
      inputs = inputs_of(case, f"batch/{step}/image")
      weights = lurl_tf.inner_step(case.rule, weights, inputs)
    loss = objective_of(case, weights)[0].loss
  yield f"{prefix}/J", loss
  gradients = tape.gradient(
    loss, case.rule.meta_parameters, unconnected_gradients="zero"
  )
  for name, gradient in zip(case.rule.meta_parameter_names, gradients):
    yield f"{prefix}/{RULE_SCOPE}{name}", gradient
  gradients = tape.gradient(loss, initial, unconnected_gradients="zero")
  yield from named_weights(case, f"{prefix}/base0", gradients)


GROUPS = (
  forward_pass,
  error_signals_and_unit_states,
  readouts_terms_and_changes,
  states_after_steps,
  objectives,
  meta_gradient,
)


@functools.cache
def computed(group, file, winograd=False):
  """Name to value of one group of quantities."""
  with arithmetic_scope(convolutions="winograd" if winograd else "direct"):
    return dict(group(load_case(file)))


# By either, the rule must give the authors' numbers.
CONVOLUTIONS = pytest.mark.parametrize("winograd", [False, True])


def test_names_and_order_of_meta_parameters(case):
  names = [
    name.removeprefix(RULE_SCOPE)
    for name in case.arrays
    if name.startswith(RULE_SCOPE)
  ]
  assert list(case.rule.meta_parameter_names) == names


def test_forward_pass(case, file):
  assert_all_golden(case, computed(forward_pass, file))


@CONVOLUTIONS
def test_error_signals_and_unit_states(case, file, winograd):
  assert_all_golden(
    case, computed(error_signals_and_unit_states, file, winograd)
  )


def test_readouts_terms_and_changes(case, file):
  assert_all_golden(case, computed(readouts_terms_and_changes, file))


@CONVOLUTIONS
def test_states_after_steps(case, file, winograd):
  assert_all_golden(case, computed(states_after_steps, file, winograd))


@CONVOLUTIONS
def test_states_after_steps_in_float32(file, winograd):
  case = load_case(file, "float32")
  with arithmetic_scope(convolutions="winograd" if winograd else "direct"):
    values = dict(states_after_steps(case, "float32"))
  assert_all_golden(case, values, tolerance=1e-5)


def test_objective(case, file):
  assert_all_golden(case, computed(objectives, file))


@CONVOLUTIONS
def test_meta_gradient(case, file, winograd):
  values = computed(meta_gradient, file, winograd)
  stored = {
    name: value for name, value in values.items() if name in case.arrays
  }
  assert_all_golden(case, stored)
  of_theta = [name for name in stored if RULE_SCOPE in name]
  # The rest are the loss and the gradients of every W and V, not every b.
  assert len(of_theta) == 72
  assert len(stored) > 72 + case.layers
  absent = {
    name.removeprefix("MoreLocalWeightUpdateProcess/")
    for name in case.arrays[f"metagrad/K{case.gradient_steps}/none_grads"]
  }
  for name in values.keys() - stored.keys():
    assert np.all(values[name].numpy() == 0), name
    if RULE_SCOPE in name:
      assert name.rpartition(RULE_SCOPE)[2] in absent


# What the computations start from.
INPUTS = re.compile(
  r"config|theta/.*|metagrad/K\d/none_grads|meta/(train|test)/(image|label)"
  r"|batch/\d/(image|label)|base0/.*"
)


def test_every_stored_quantity_is_compared(case, file):
  """Whatever was stored is an input or among the values compared above."""
  compared = set().union(*(computed(group, file) for group in GROUPS))
  rest = {name for name in case.arrays if not INPUTS.fullmatch(name)}
  assert len(rest) > 250
  assert rest - compared == set()


def test_a_checkpoint_of_the_authors_equals_the_arrays():
  case = load_case("case_a.npz")
  loaded = lurl_tf.from_tf1_checkpoint(
    GOLDEN / "case_a_tf1_checkpoint" / "tf_graph_data.ckpt", dtype="float64"
  )
  assert loaded.config == case.rule.config
  for one, other in zip(loaded.meta_parameters, case.rule.meta_parameters):
    np.testing.assert_array_equal(one.numpy(), other.numpy())
  weights = weights_of(case, "base0")
  inputs = inputs_of(case, "batch/0/image")
  for one, other in zip(
    tf.nest.flatten(lurl_tf.inner_step(loaded, weights, inputs)),
    tf.nest.flatten(lurl_tf.inner_step(case.rule, weights, inputs)),
  ):
    np.testing.assert_array_equal(one.numpy(), other.numpy())
