# SPDX-License-Identifier: Apache-2.0
"""The meta-gradient of an unroll against central finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from lurl_tf.layers import initial_weights
from lurl_tf.meta.inner.optimizer_state import (
  DEFAULT_INNER_OPTIMIZER,
  fresh_optimizer,
)
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.state import InnerState, SlotClock
from lurl_tf.meta.inner.unroll import (
  MetaParameters,
  TruncationData,
  unroll,
)
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.optimizers import InnerOptimizerConfig
from lurl_tf.rule.arithmetic import channels
from lurl_tf.rule.learned.update_rule import UpdateRule
from lurl_tf.structures import Episode, RuleConfig

STEPS, BATCH, INPUTS, UNITS, CLASSES = 3, 7, 6, (5, 4), 3
SUPPORT = 9
EPSILON = 1e-4
# Adam's epsilon is as large as the proposals: a step is smooth, unlike a sign.
INNER_OPTIMIZERS = {
  "momentum": InnerOptimizerConfig("sgd", momentum=0.5),
  "nesterov": InnerOptimizerConfig("sgd", momentum=0.8, nesterov=True),
  "adam": InnerOptimizerConfig("adam", epsilon=0.1),
}
KINDS = [("published", True), ("published", False), ("pooled", True)]


@pytest.fixture(autouse=True)
def fixture_graphs():
  with plain_graphs():
    yield


def make_problem(
  mixing,
  identical_updates,
  activation,
  inner_optimizer=DEFAULT_INNER_OPTIMIZER,
):
  """Mean loss of a 3-step unroll as a function of a flat theta."""
  config = RuleConfig(
    hidden_channels=6,
    delta_channels=4,
    top_channels=5,
    readout_channels=2,
    output_size=UNITS[-1],
    mixing=mixing,
    identical_updates=identical_updates,
    dtype="float64",
  )
  generator = np.random.default_rng(0)
  # Meta-parameters that start at zero are moved: all of them matter.
  theta = [
    variable.numpy() + generator.normal(0, 0.1, variable.shape)
    for variable in UpdateRule(config, seed=3).meta_parameters
  ]
  labels = np.arange(SUPPORT) % CLASSES
  targets = np.broadcast_to(
    np.eye(CLASSES)[labels], (STEPS, 1, 1, SUPPORT, CLASSES)
  )

  def inputs(*shape):
    return tf.constant(generator.normal(size=(*shape, INPUTS)))

  data = TruncationData(
    inputs(STEPS, 1, BATCH),
    Episode(
      inputs(STEPS, 1, 1, SUPPORT),
      tf.constant(targets),
      inputs(STEPS, 1, 1, SUPPORT),
      tf.constant(targets),
    ),
  )
  weights = tf.nest.map_structure(
    lambda value: 3 * value[tf.newaxis],
    initial_weights(INPUTS, UNITS, (1, 2), "float64"),
  )
  state = InnerState(weights, fresh_optimizer(inner_optimizer, weights))
  clock = SlotClock(tf.constant([0]), tf.constant([STEPS]))
  unroll_config = UnrollConfig(max_steps=STEPS)

  @tf.function(autograph=False)
  def loss(*theta_and_rates):
    parameters = MetaParameters(theta_and_rates[:-1], theta_and_rates[-1])
    _, metrics = unroll(
      config,
      unroll_config,
      parameters,
      state,
      clock,
      data,
      tf.constant(STEPS),
      activation,
      inner_optimizer,
    )
    return metrics.loss[0]

  log_rates = np.log(np.array([0.3, 0.2]))
  return loss, [*map(tf.constant, theta), tf.constant(log_rates)]


def gradient_of(loss, theta):
  with tf.GradientTape() as tape:
    tape.watch(theta)
    value = loss(*theta)
  return tape.gradient(value, theta, unconnected_gradients="zero")


def central_difference(loss, theta, direction, epsilon):
  def moved(sign):
    return [
      value + sign * epsilon * step for value, step in zip(theta, direction)
    ]

  above, below = loss(*moved(1.0)), loss(*moved(-1.0))
  return float(above - below) / (2 * epsilon)


def extrapolated_difference(loss, theta, direction, epsilon):
  """Two central differences, combined so that third derivatives cancel."""
  near, far = (
    central_difference(loss, theta, direction, scale * epsilon)
    for scale in (1, 2)
  )
  return (4 * near - far) / 3


@pytest.fixture(name="smooth_rule")
def fixture_smooth_rule(monkeypatch):
  """Softplus in place of ReLU in the rule's networks."""
  monkeypatch.setattr(channels, "rectify", tf.nn.softplus)


@pytest.mark.usefixtures("smooth_rule")
@pytest.mark.parametrize(("mixing", "identical_updates"), KINDS)
def test_every_meta_parameter_with_smooth_nonlinearities(
  mixing, identical_updates
):
  loss, theta = make_problem(mixing, identical_updates, "softplus")
  gradients = gradient_of(loss, theta)
  generator = np.random.default_rng(5)
  # Rounding errors of two losses, in their difference.
  rounding = 8 * np.finfo(np.float64).eps * float(loss(*theta)) / (2 * EPSILON)
  live = 0
  for index, gradient in enumerate(gradients):
    if np.linalg.norm(gradient) < 1e-12:
      continue
    live += 1
    direction = [tf.zeros_like(value) for value in theta]
    drawn = generator.normal(size=gradient.shape)
    direction[index] = tf.constant(drawn / np.linalg.norm(drawn))
    expected = extrapolated_difference(loss, theta, direction, EPSILON)
    actual = float(tf.reduce_sum(gradient * direction[index]))
    assert abs(actual - expected) <= 1e-6 * abs(expected) + rounding, index
    assert abs(expected) > 100 * rounding, index
  # Without effect: the biases before normalisations, 5 at the top and 6 of the
  # unit states; without zero padding also the offset before the first mixer.
  assert live == len(theta) - (11 if mixing == "published" else 12)


@pytest.mark.parametrize(("mixing", "identical_updates"), KINDS)
def test_whole_theta_with_relu(mixing, identical_updates):
  """The gradient is eager: tracing a graph would take longest."""
  loss, theta = make_problem(mixing, identical_updates, "relu")
  gradients = gradient_of(loss.python_function, theta)
  generator = np.random.default_rng(2)
  for _ in range(3):
    direction = [
      tf.constant(generator.normal(size=value.shape)) for value in theta
    ]
    scale = 1 / tf.linalg.global_norm(direction)
    direction = [scale * step for step in direction]
    actual = sum(
      float(tf.reduce_sum(gradient * step))
      for gradient, step in zip(gradients, direction)
    )
    # A kink between the two points spoils a difference: the best of several.
    errors = [
      abs(central_difference(loss, theta, direction, epsilon) - actual)
      for epsilon in (1e-4, 1e-5, 1e-6, 1e-7)
    ]
    assert min(errors) <= 1e-4 * abs(actual)


@pytest.mark.usefixtures("smooth_rule")
@pytest.mark.parametrize("name", INNER_OPTIMIZERS)
def test_through_the_state_of_an_inner_optimizer(name):
  """Theta and the inner rates together, in smooth networks."""
  loss, theta = make_problem("pooled", True, "softplus", INNER_OPTIMIZERS[name])
  gradients = gradient_of(loss, theta)
  plain, _ = make_problem("pooled", True, "softplus")
  difference = float(loss(*theta)) - float(plain.python_function(*theta))
  assert abs(difference) > 1e-4
  generator = np.random.default_rng(4)
  for only_rates in (False, False, True):
    direction = [
      tf.constant(generator.normal(size=value.shape)) for value in theta
    ]
    if only_rates:
      direction = [*map(tf.zeros_like, direction[:-1]), direction[-1]]
    scale = 1 / tf.linalg.global_norm(direction)
    direction = [scale * step for step in direction]
    actual = sum(
      float(tf.reduce_sum(gradient * step))
      for gradient, step in zip(gradients, direction)
    )
    expected = extrapolated_difference(loss, theta, direction, 1e-5)
    assert abs(expected) > 1e-4
    assert abs(actual - expected) <= 1e-5 * abs(expected)
