# SPDX-License-Identifier: Apache-2.0
"""Every number that the authors' program left behind, in float64.

`golden/case_a.npz` has identical updates of W and V, `golden/case_c*.npz`
separate ones. Index 0 of their layer-wise arrays is the top layer.
"""

import pathlib
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

import lurl_tf
from lurl_tf.meta.inner.objective import ridge_objective
from lurl_tf.rule.arithmetic.winograd import winograd_convolutions
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


FILES = ["case_a.npz", "case_c_separate_backward_update.npz"]


@pytest.fixture(scope="module", params=FILES)
def case(request):
  return load_case(request.param)


@pytest.fixture(params=["direct", "winograd"])
def convolutions(request):
  """Within either, the rule must give the authors' numbers."""
  with winograd_convolutions(request.param == "winograd"):
    yield


def base_name(case, layer, which):
  """Name of a variable of phi; backward layers are numbered after all W."""
  index = layer + (case.layers if which == "V" else 0)
  leaf = "b" if which == "b" else "linear/w"
  return f"{BASE_SCOPE}{f'_{index}' if index else ''}/{leaf}"


def weights_of(case, prefix, dtype="float64"):
  def load(layer, which):
    value = case.arrays[f"{prefix}/{base_name(case, layer, which)}"]
    return tf.constant(value.reshape(-1) if which == "b" else value, dtype)

  return tuple(
    LayerWeights(*(load(layer, which) for which in ("W", "b", "V")))
    for layer in range(case.layers)
  )


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


def signals_of(case):
  weights = weights_of(case, "base0")
  activations = lurl_tf.forward(weights, inputs_of(case, "batch/0/image"))
  signals = compute_signals(
    case.rule.config, case.rule.parameters(), weights, activations
  )
  return weights, activations, signals


def examples_first(array):
  return np.swapaxes(array, 0, 1)


def test_names_and_order_of_meta_parameters(case):
  names = [
    name.removeprefix(RULE_SCOPE)
    for name in case.arrays
    if name.startswith(RULE_SCOPE)
  ]
  assert list(case.rule.meta_parameter_names) == names


def test_forward_pass(case):
  _, activations, _ = signals_of(case)
  layers = (activations.inputs, *activations.post_activations)
  for index, values in enumerate(layers):
    assert_golden(values, case.arrays[f"xs/{index}"])
  for index, values in enumerate(activations.pre_activations):
    assert_golden(values, case.arrays[f"zs/{index}"])


@pytest.mark.usefixtures("convolutions")
def test_error_signals_and_unit_states(case):
  _, _, signals = signals_of(case)
  top_first = signals.error_signals[::-1]
  assert_golden(examples_first(top_first[0]), case.arrays["top_delta"])
  for index, state in enumerate(signals.unit_states[::-1]):
    assert_golden(examples_first(state), case.arrays[f"h/{index}"])
    # The input layer hands its own signal down.
    below = top_first[min(index + 1, case.layers)]
    assert_golden(examples_first(below), case.arrays[f"d_out/{index}"])


def test_readouts_terms_and_changes(case):
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
        golden = case.arrays[f"readout/{place}/{direction}{name}"]
        assert_golden(getattr(readouts, attribute), golden)
      for name, attribute in TERMS.items():
        term = getattr(terms, attribute)
        golden = f"{direction}/{place}"
        assert_golden(term, case.arrays[f"{golden}/term/{name}"])
        assert_golden(
          weight_change.limit_columns(term),
          case.arrays[f"{golden}/term_norm/{name}"],
        )
      assert_golden(
        getattr(changes[layer], field),
        case.arrays[f"{direction}/{place}/change_w"],
      )
      assert_golden(
        changes[layer].bias, case.arrays[f"forward/{place}/change_b"]
      )


@pytest.mark.usefixtures("convolutions")
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
  ("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-5)]
)
def test_states_after_steps(file, dtype, tolerance):
  case = load_case(file, dtype)
  weights = weights_of(case, "base0", dtype)
  prefixes = {1: ("next_state", "state1"), 2: ("state2",), 5: ("state5",)}
  for step in range(5):
    inputs = inputs_of(case, f"batch/{step}/image").astype(dtype)
    weights = lurl_tf.inner_step(case.rule, weights, inputs)
    for prefix in prefixes.get(step + 1, ()):
      for actual, golden in zip(weights, weights_of(case, prefix)):
        for one, other in zip(actual, golden):
          assert_golden(one, other.numpy(), tolerance)


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


@pytest.mark.parametrize("step", [0, 1, 2, 5])
def test_objective(case, step):
  prefix = "base0" if step == 0 else f"state{step}"
  value, features = objective_of(case, weights_of(case, prefix))

  def golden(name):
    return case.arrays[f"meta/step{step}/{name}"]

  assert_golden(features, golden("features_all"))
  assert_golden(features[: len(golden("ridge_x"))], golden("ridge_x"))
  assert_golden(value.readout, golden("ridge_w"))
  assert_golden(value.loss, golden("J"))
  assert_golden(value.loss, golden("loss"))
  assert_golden(value.loss, golden("stat_total_loss"))
  assert_golden(value.query_error, golden("stat_mse_test"))
  assert_golden(value.penalty, golden("stat_ridge_component"))
  assert_golden(value.accuracy, golden("stat_accuracy_test"))
  assert_golden(value.support_accuracy, golden("stat_accuracy_train"))
  # What the read-out was fitted on: the residual of the stored targets.
  design = np.pad(golden("ridge_x"), [[0, 0], [0, 1]], constant_values=1)
  error = np.mean(
    np.sum((design @ value.readout.numpy() - golden("ridge_y")) ** 2, axis=1)
  )
  assert_golden(error, golden("stat_mse_train"))


@pytest.mark.usefixtures("convolutions")
def test_meta_gradient(case):
  steps = case.gradient_steps
  prefix = f"metagrad/K{steps}"
  initial = weights_of(case, "base0")
  flat = tf.nest.flatten(initial)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(flat)
    weights = initial
    for step in range(steps):
      inputs = inputs_of(case, f"batch/{step}/image")
      weights = lurl_tf.inner_step(case.rule, weights, inputs)
    loss = objective_of(case, weights)[0].loss
  assert_golden(loss, case.arrays[f"{prefix}/J"])
  absent = {
    name.removeprefix(RULE_SCOPE.removeprefix("theta/"))
    for name in case.arrays[f"{prefix}/none_grads"]
  }
  compared = 0
  gradients = tape.gradient(
    loss, case.rule.meta_parameters, unconnected_gradients="zero"
  )
  for name, gradient in zip(case.rule.meta_parameter_names, gradients):
    if name in absent:
      assert np.all(gradient.numpy() == 0), name
    else:
      assert_golden(gradient, case.arrays[f"{prefix}/{RULE_SCOPE}{name}"])
      compared += 1
  assert compared == 72
  gradients = tape.gradient(loss, initial, unconnected_gradients="zero")
  for layer, layer_gradients in enumerate(gradients):
    for which, gradient in zip(("W", "b", "V"), layer_gradients):
      name = f"{prefix}/base0/{base_name(case, layer, which)}"
      if name in case.arrays:
        golden = case.arrays[name]
        assert_golden(gradient, golden.reshape(gradient.shape))
        compared += 1
      else:
        assert np.all(gradient.numpy() == 0), name
  assert compared > 72 + case.layers


def test_every_stored_quantity_is_compared(case):
  """Lists what the tests above read; a new golden array must be added."""
  compared = (
    "theta/",
    "base0/",
    "batch/",
    "meta/",
    "xs/",
    "zs/",
    "top_delta",
    "h/",
    "d_out/",
    "readout/",
    "forward/",
    "backward/",
    "next_state/",
    "state1/",
    "state2/",
    "state5/",
    "metagrad/",
    "config",
  )
  assert [n for n in case.arrays if not n.startswith(compared)] == []


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
