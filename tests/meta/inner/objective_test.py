# SPDX-License-Identifier: Apache-2.0
"""Tests of the meta-objective against a NumPy twin with an explicit inverse."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.meta.inner.objective import ridge_objective

CLASSES, UNITS, SUPPORT, QUERY = 4, 6, 20, 28


def one_hot_targets(generator, size):
  """Unbalanced on purpose: then centring and the bias matter."""
  labels = generator.integers(0, CLASSES, size)
  labels[:CLASSES] = np.arange(CLASSES)
  return np.eye(CLASSES)[labels]


def draw(seed=0, separation=1.0):
  """Support features and targets, then those of the query, float64."""
  generator = np.random.default_rng(seed)
  centers = separation * generator.normal(size=(CLASSES, UNITS))
  parts = []
  for size in (SUPPORT, QUERY):
    targets = one_hot_targets(generator, size)
    noise = generator.normal(size=(size, UNITS))
    parts += [np.maximum(targets @ centers + noise, 0) + 0.3, targets]
  return parts


def inverse_twin(
  support,
  support_targets,
  query,
  query_targets,
  ridge=0.1,
  normalize_logits=True,
  extra_support=None,
  extra_query=None,
):
  """The released program's formulas as they stand; a dict of its numbers."""

  def prepare(targets):
    targets = targets - targets.mean()
    return targets / np.sqrt((targets**2).sum(axis=1).mean())

  def standardize(extra):
    return (extra - extra.mean(axis=0)) / extra.std(axis=0)

  if ridge == "relative":
    ridge = 0.1 * support.var(axis=0).mean() * len(support)
  design = np.column_stack([support, np.ones(len(support))])
  penalty = np.diag([ridge] * support.shape[1] + [0.0])
  targets = prepare(support_targets)
  if extra_support is not None:
    targets = np.column_stack([targets, standardize(extra_support)])
  readout = np.linalg.inv(design.T @ design + penalty) @ design.T @ targets
  outputs = query @ readout[:-1] + readout[-1]
  logits, extra_outputs = outputs[:, :CLASSES], outputs[:, CLASSES:]
  directions = logits
  if normalize_logits:
    directions = logits / np.sqrt((logits**2).sum(axis=1, keepdims=True))
  classes = np.argmax(query_targets, axis=1)
  support_logits = design @ readout[:, :CLASSES]
  numbers = {
    "query_error": ((directions - prepare(query_targets)) ** 2).sum(1).mean(),
    "penalty": ridge * (readout[:-1] ** 2).sum() / len(support),
    "readout": readout,
    "accuracy": (logits.argmax(axis=1) == classes).mean(),
    "support_accuracy": (
      support_logits.argmax(axis=1) == support_targets.argmax(axis=1)
    ).mean(),
    "extra_error": 0.0,
  }
  if extra_query is not None:
    errors = (extra_outputs - standardize(extra_query)) ** 2
    numbers["extra_error"] = errors.sum(axis=1).mean()
  return numbers


def assert_equals_twin(value, twin, penalty_in_loss):
  loss = twin["query_error"] + twin["extra_error"]
  if penalty_in_loss:
    loss += twin["penalty"]
  np.testing.assert_allclose(value.loss, loss, rtol=1e-11)
  for name, expected in twin.items():
    np.testing.assert_allclose(
      getattr(value, name), expected, rtol=1e-11, atol=1e-13, err_msg=name
    )


def test_published_form_equals_the_explicit_inverse():
  arrays = draw()
  twin = inverse_twin(*arrays)
  # The draw must be one on which every number says something.
  assert 1 / CLASSES < twin["accuracy"] < 1
  assert twin["accuracy"] != twin["support_accuracy"] < 1
  assert np.abs(twin["readout"][-1]).min() > 1e-3
  assert twin["penalty"] > 1e-3
  value = ridge_objective(*arrays)
  assert value.readout.dtype == tf.float64
  assert_equals_twin(value, twin, penalty_in_loss=True)


def test_float32_of_mixed_arguments():
  support, support_targets, query, query_targets = draw()
  value = ridge_objective(
    tf.constant(support, tf.float32),
    support_targets.astype(int).tolist(),
    query.astype(np.float32),
    query_targets,
  )
  twin = inverse_twin(support, support_targets, query, query_targets)
  assert value.loss.dtype == tf.float32
  np.testing.assert_allclose(
    value.loss, twin["query_error"] + twin["penalty"], rtol=1e-5
  )


@pytest.mark.parametrize("penalty", [True, False])
@pytest.mark.parametrize("logits", [True, False])
@pytest.mark.parametrize("ridge", [0.7, "relative"])
def test_options(penalty, logits, ridge):
  arrays = draw(1)
  twin = inverse_twin(*arrays, ridge, logits)
  value = ridge_objective(
    *arrays,
    ridge=ridge,
    penalty_in_loss=penalty,
    normalize_logits=logits,
  )
  assert_equals_twin(value, twin, penalty)


def test_directions_of_two_classes_are_signs():
  support, support_targets, query, query_targets = draw(2)
  support_targets, query_targets = (
    np.stack([t[:, 0] + t[:, 1], t[:, 2] + t[:, 3]], axis=1)
    for t in (support_targets, query_targets)
  )
  support = tf.Variable(support)
  gradients = {}
  for normalize_logits in (True, False):
    with tf.GradientTape() as tape:
      value = ridge_objective(
        support,
        support_targets,
        query,
        query_targets,
        penalty_in_loss=False,
        normalize_logits=normalize_logits,
      )
    gradients[normalize_logits] = np.abs(tape.gradient(value.loss, support))
    if normalize_logits:
      # Each miss counts 4: opposite points of the unit circle.
      assert float(value.loss) == pytest.approx(4 * (1 - value.accuracy))
  assert gradients[True].max() < 1e-12
  assert gradients[False].max() > 1e-3


def test_options_make_a_difference():
  arrays = draw(1)
  losses = [
    float(ridge_objective(*arrays, **options).loss)
    for options in (
      {},
      {"ridge": 0.7},
      {"ridge": "relative"},
      {"ridge": "relative", "relative_ridge": 0.3},
      {"penalty_in_loss": False},
    )
  ]
  assert np.diff(np.sort(losses)).min() > 1e-4


def test_extra_targets():
  arrays = draw(2)
  generator = np.random.default_rng(3)
  extra = [
    features[:, :2] * [3.0, -0.1] + generator.normal(size=(len(features), 2))
    for features in (arrays[0], arrays[2])
  ]
  twin = inverse_twin(*arrays, extra_support=extra[0], extra_query=extra[1])
  value = ridge_objective(
    *arrays, extra_support_targets=extra[0], extra_query_targets=extra[1]
  )
  assert twin["extra_error"] > 0.1
  assert value.readout.shape == (UNITS + 1, CLASSES + 2)
  assert_equals_twin(value, twin, penalty_in_loss=True)
  # The classes' part is fitted as if it were alone.
  alone = ridge_objective(*arrays)
  np.testing.assert_allclose(
    value.readout[:, :CLASSES], alone.readout, rtol=1e-12
  )
  np.testing.assert_allclose(value.query_error, alone.query_error, rtol=1e-12)


def loss_and_gradient(scale, dtype, **options):
  """Of a loss of features `scale * x`, with respect to x."""
  support, support_targets, query, query_targets = (
    tf.constant(array, dtype) for array in draw(4)
  )
  with tf.GradientTape() as tape:
    tape.watch([support, query])
    value = ridge_objective(
      scale * support, support_targets, scale * query, query_targets, **options
    )
  return value, tape.gradient(value.loss, [support, query])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [10.0, 1e-3])
def test_relative_ridge_is_free_of_the_features_scale(dtype, scale):
  options = {"ridge": "relative", "penalty_in_loss": False}
  tolerance = 1e-11 if dtype == "float64" else 1e-4
  value, gradients = loss_and_gradient(1.0, dtype, **options)
  scaled_value, scaled_gradients = loss_and_gradient(scale, dtype, **options)
  np.testing.assert_allclose(scaled_value.loss, value.loss, rtol=tolerance)
  np.testing.assert_allclose(
    scaled_value.penalty, value.penalty, rtol=tolerance
  )
  for scaled, gradient in zip(scaled_gradients, gradients):
    largest = np.abs(gradient).max()
    assert largest > 1e-3
    np.testing.assert_allclose(scaled, gradient, atol=tolerance * largest)


def test_absolute_ridge_gains_by_growing_features():
  small, large = (
    loss_and_gradient(scale, "float64", ridge=0.1)[0] for scale in (0.1, 1.0)
  )
  assert float(large.loss) < float(small.loss) - 0.02
  assert float(large.penalty) < float(small.penalty) / 2
  assert float(large.accuracy) <= float(small.accuracy)


def test_growth_has_no_gradient_in_the_relative_form():
  """The derivative by the logarithm of the scale is the sum of x * gradient."""
  for ridge, is_zero in (("relative", True), (0.1, False)):
    value, gradients = loss_and_gradient(
      1.0, "float64", ridge=ridge, penalty_in_loss=ridge != "relative"
    )
    support, _, query, _ = draw(4)
    slope = np.sum(support * gradients[0]) + np.sum(query * gradients[1])
    assert (abs(slope) < 1e-12 * float(value.loss)) == is_zero


def test_leading_axes_equal_single_calls():
  episodes = [draw(seed) for seed in range(6)]
  stacked = [
    np.stack(arrays).reshape(2, 3, *arrays[0].shape)
    for arrays in zip(*episodes)
  ]
  for options in ({}, {"ridge": "relative", "penalty_in_loss": False}):
    together = ridge_objective(*stacked, **options)
    for index, arrays in enumerate(episodes):
      alone = ridge_objective(*arrays, **options)
      for name in alone._fields:
        np.testing.assert_allclose(
          getattr(together, name)[divmod(index, 3)],
          getattr(alone, name),
          rtol=1e-12,
          atol=1e-14,
          err_msg=name,
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ridge", [0.1, "relative"])
@pytest.mark.parametrize("dead", [1, UNITS])
def test_dead_features_stay_finite(dtype, ridge, dead):
  arrays = [tf.constant(array, dtype) for array in draw(5)]
  alive = tf.constant([0.0] * dead + [1.0] * (UNITS - dead), dtype)
  with tf.GradientTape() as tape:
    tape.watch(arrays)
    value = ridge_objective(
      # As ReLU leaves them: zero, and of zero slope.
      tf.nn.relu(arrays[0]) * alive,
      arrays[1],
      tf.nn.relu(arrays[2]) * alive,
      arrays[3],
      ridge=ridge,
    )
  gradients = tape.gradient(value.loss, [arrays[0], arrays[2]])
  for tensor in (*value, *gradients):
    assert np.isfinite(tensor).all()
  np.testing.assert_array_equal(value.readout[:dead], 0)
  assert 0 <= float(value.query_error) <= 4
  if dead < UNITS:
    assert np.abs(gradients[0]).max() > 0


def test_inputs_are_left_alone():
  arrays = draw(6)
  copies = [array.copy() for array in arrays]
  ridge_objective(*arrays)
  for array, copy in zip(arrays, copies):
    np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
  ("position", "shape", "message"),
  [
    (0, (SUPPORT, UNITS + 1), rf"support_features=\({SUPPORT}, {UNITS + 1}\)"),
    (0, (SUPPORT - 1, UNITS), rf"support_features=\({SUPPORT - 1}"),
    (1, (SUPPORT, CLASSES + 1), rf"support_targets=\({SUPPORT}, 5\)"),
    (2, (QUERY - 1, UNITS), rf"query_features=\({QUERY - 1}"),
    (3, (QUERY,), rf"query_targets=\({QUERY},\)"),
  ],
)
def test_shapes_that_do_not_fit_are_refused(position, shape, message):
  arrays = draw()
  arrays[position] = np.zeros(shape)
  with pytest.raises(ValueError, match=message):
    ridge_objective(*arrays)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"ridge": 0.0}, "ridge=0.0"),
    ({"ridge": -1}, "ridge=-1"),
    ({"ridge": float("nan")}, "ridge=nan"),
    ({"ridge": "absolute"}, "ridge='absolute'"),
    ({"ridge": "relative", "relative_ridge": 0.0}, "relative_ridge=0.0"),
    ({"extra_support_targets": np.zeros((SUPPORT, 1))}, "support and query"),
    ({"extra_query_targets": np.zeros((QUERY, 1))}, "support and query"),
    (
      {
        "extra_support_targets": np.zeros((SUPPORT, 1)),
        "extra_query_targets": np.zeros((SUPPORT, 1)),
      },
      rf"query_targets=\({SUPPORT}, 1\)",
    ),
  ],
)
def test_bad_options_are_refused(options, message):
  with pytest.raises(ValueError, match=message):
    ridge_objective(*draw(), **options)
