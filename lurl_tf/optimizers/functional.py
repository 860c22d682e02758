# SPDX-License-Identifier: Apache-2.0
"""Keras optimizers as pure functions, for loops that are differentiated.

Keras optimizers keep their state in variables, and on the TensorFlow backend
they refuse `stateless_apply`. Here, state is an argument and a return value,
for one task or for several along a leading axis.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from lurl_tf.optimizers.adam import adam_step
from lurl_tf.optimizers.decayed_sgd import DecayedSGD, apply_changes, per_task
from lurl_tf.optimizers.inner_optimizer_config import InnerOptimizerConfig
from lurl_tf.structures import LayerWeights

Weights = tuple[LayerWeights, ...]

# Options of Keras optimizers, named by their attributes.
_UNSUPPORTED = (
  "amsgrad",
  "weight_decay",
  "clipnorm",
  "clipvalue",
  "global_clipnorm",
  "use_ema",
  "loss_scale_factor",
  "gradient_accumulation_steps",
)


class MomentumState(NamedTuple):
  """State of SGD with momentum.

  Attributes:
    velocities: `LayerWeights` of every layer, the previous steps.
  """

  velocities: Weights


class AdamState(NamedTuple):
  """State of Adam, without the number of steps.

  Attributes:
    means: `LayerWeights` of every layer, decaying means of changes.
    squares: `LayerWeights` of every layer, decaying means of squared changes.
  """

  means: Weights
  squares: Weights


OptimizerState = MomentumState | AdamState | tuple[()]


class FunctionalOptimizer:
  """A Keras optimizer as a pure function of weights, changes and state.

  The learning rate is an argument of every step; that of the Keras optimizer
  is not used.

  Args:
    optimizer: `DecayedSGD`, `keras.optimizers.SGD`, `keras.optimizers.Adam`, or
      an `InnerOptimizerConfig`. A config makes no variables, so it can be used
      while a graph is traced. Where all changes were zero, the derivative of
      Adam is about 1 / epsilon; see `InnerOptimizerConfig`.

  Raises:
    ValueError: If the optimizer is of another kind, or has unsupported options
      such as `clipnorm`.

  Example:

  >>> optimizer = lurl_tf.optimizers.FunctionalOptimizer(
  ...   keras.optimizers.SGD(momentum=0.5)
  ... )
  >>> weights = lurl_tf.layers.initial_weights(4, units=(8, 6), seed=(0, 0))
  >>> state = optimizer.init(weights)
  >>> weights, state = optimizer.apply(weights, weights, state, 0.1, step=0)
  """

  def __init__(
    self, optimizer: keras.optimizers.Optimizer | InnerOptimizerConfig
  ):
    if not isinstance(optimizer, InnerOptimizerConfig):
      optimizer = _config_of(optimizer)
    self._config = optimizer

  @property
  def config(self) -> InnerOptimizerConfig:
    """The optimizer's name and options."""
    return self._config

  @property
  def state_type(self) -> type[tuple]:
    """Type of the return value of `init`; `tuple` without state."""
    if self._config.name == "adam":
      return AdamState
    if self._config.name == "sgd" and self._config.momentum:
      return MomentumState
    return tuple

  def init(self, weights: Sequence[LayerWeights]) -> OptimizerState:
    """Makes the state before the first step.

    Args:
      weights: `LayerWeights` of every layer, with or without an axis of tasks.

    Returns:
      Zeros shaped like the weights; `()` for an optimizer without state.
    """
    kind = self.state_type
    if kind is tuple:
      return ()
    zeros = tf.nest.map_structure(tf.zeros_like, tuple(weights))
    return kind(*[zeros] * len(kind._fields))

  def apply(
    self,
    weights: Sequence[LayerWeights],
    changes: Sequence[LayerWeights],
    state: OptimizerState,
    rate: tf.Tensor | float,
    step: tf.Tensor | int,
  ) -> tuple[Weights, OptimizerState]:
    """Takes one step; a pure function, differentiable in all but `step`.

    Args:
      weights: `LayerWeights` of every layer.
      changes: Proposed changes, shaped like `weights`.
      state: Return value of `init` or of the previous step.
      rate: Learning rate, a scalar or `[t]`.
      step: Number of steps since `init`, a scalar or `[t]`, for Adam.

    Returns:
      Next weights, and next state.
    """
    weights, changes = (
      tuple(LayerWeights(*layer) for layer in layers)
      for layers in (weights, changes)
    )
    if self._config.name == "decayed_sgd":
      return apply_changes(weights, changes, rate), state
    rate = tf.convert_to_tensor(rate, weights[0].kernel.dtype)
    if self._config.name == "adam":
      return self._adam(weights, changes, state, rate, step)
    return self._sgd(weights, changes, state, rate)

  def _sgd(self, weights, changes, state, rate):
    momentum = self._config.momentum
    steps = tf.nest.map_structure(
      lambda change: -per_task(rate, change) * change, changes
    )
    if not momentum:
      return tf.nest.map_structure(tf.add, weights, steps), state

    def with_momentum(velocity, step):
      return momentum * velocity + step

    velocities = tf.nest.map_structure(with_momentum, state.velocities, steps)
    if self._config.nesterov:
      steps = tf.nest.map_structure(with_momentum, velocities, steps)
    else:
      steps = velocities
    return (
      tf.nest.map_structure(tf.add, weights, steps),
      MomentumState(velocities),
    )

  def _adam(self, weights, changes, state, rate, step):
    config = self._config
    step = tf.convert_to_tensor(step)

    def one(*arrays):
      return adam_step(
        *arrays,
        per_task(rate, arrays[0]),
        per_task(step, arrays[0]),
        config.beta_1,
        config.beta_2,
        config.epsilon,
      )

    steps = [
      LayerWeights(*map(one, *layers))
      for layers in zip(weights, changes, state.means, state.squares)
    ]

    def part(name):
      return tuple(
        LayerWeights(*(getattr(each, name) for each in layer))
        for layer in steps
      )

    return part("weight"), AdamState(part("mean"), part("square"))


def _config_of(optimizer: keras.optimizers.Optimizer) -> InnerOptimizerConfig:
  """The config of a Keras optimizer; raises if it is not supported."""
  kind = type(optimizer)  # A subclass, such as AdamW, has another formula.
  if kind not in (DecayedSGD, keras.optimizers.SGD, keras.optimizers.Adam):
    raise ValueError(
      "`optimizer` must be DecayedSGD, keras.optimizers.SGD or "
      f"keras.optimizers.Adam. Received: optimizer={optimizer!r}"
    )
  for option in _UNSUPPORTED:
    if value := getattr(optimizer, option, None):
      raise ValueError(
        f"`optimizer` must not have the option `{option}` in an unroll. "
        f"Received: {option}={value!r}"
      )
  if kind is DecayedSGD:
    return InnerOptimizerConfig()
  if kind is keras.optimizers.SGD:
    return InnerOptimizerConfig(
      "sgd", momentum=optimizer.momentum, nesterov=bool(optimizer.nesterov)
    )
  return InnerOptimizerConfig(
    "adam",
    beta_1=optimizer.beta_1,
    beta_2=optimizer.beta_2,
    epsilon=optimizer.epsilon,
  )
