# SPDX-License-Identifier: Apache-2.0
"""The outer update of theta: a step of Adam, or a rollback; pure functions."""

import math
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.optimizers.adam import adam_step

# Learned inner learning rates are clamped to this range.
SMALLEST_RATE, LARGEST_RATE = 1e-6, 1.0
# Factor of the outer learning rate in each rollback.
ROLLBACK_RATE_FACTOR = 0.5


class Learned(NamedTuple):
  """The meta-parameters with their optimizer state.

  Attributes:
    parameters: `[n]`, theta as one vector, see `flatten_parameters`.
    means: `[n]`, Adam's decaying means of gradients.
    squares: `[n]`, Adam's decaying means of squared gradients.
    steps: Scalar int32, number of Adam's steps.
    average: `[n]`, decaying means of the parameters; equal to them without
      averaging.
  """

  parameters: tf.Tensor
  means: tf.Tensor
  squares: tf.Tensor
  steps: tf.Tensor
  average: tf.Tensor


class OuterState(NamedTuple):
  """State that one outer step hands to the next, equal on every replica.

  Attributes:
    learned: The current `Learned`.
    remembered: The `Learned` that a rollback restores.
    step: Scalar int32, outer steps done.
    bad_steps: Scalar int32, consecutive outer steps that lost most task slots.
    rate_scale: Scalar, factor of the learning rate after rollbacks.
    rollbacks: Scalar int32, number of rollbacks.
  """

  learned: Learned
  remembered: Learned
  step: tf.Tensor
  bad_steps: tf.Tensor
  rate_scale: tf.Tensor
  rollbacks: tf.Tensor


class OuterUpdate(NamedTuple):
  """Result of an outer update.

  Attributes:
    state: The next `OuterState`.
    gradient_norm: Scalar, norm of the gradient before clipping.
    rolled_back: Scalar bool, whether this was a rollback.
  """

  state: OuterState
  gradient_norm: tf.Tensor
  rolled_back: tf.Tensor


def initial_state(parameters: tf.Tensor) -> OuterState:
  """The state before the first outer step.

  Args:
    parameters: `[n]`, initial meta-parameters.

  Returns:
    `OuterState`.
  """
  zeros = tf.zeros_like(parameters)
  learned = Learned(parameters, zeros, zeros, tf.constant(0), parameters)
  one = tf.constant(1, parameters.dtype)
  zero = tf.constant(0)
  return OuterState(learned, learned, zero, zero, one, zero)


def outer_update(
  config: MetaTrainConfig,
  trained: np.ndarray,
  state: OuterState,
  gradient: tf.Tensor,
  usable_share: tf.Tensor,
) -> OuterUpdate:
  """Updates theta by Adam, or rolls it back.

  Nothing changes if no slot is usable. After `config.rollback_after`
  consecutive steps that lost more than half of their slots, the meta-parameters
  and Adam's state are restored from the last multiple of
  `config.remember_every` steps with a good step, and the learning rate is
  halved.

  Args:
    config: Configuration of the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    state: `OuterState` before the update.
    gradient: `[n]`, averaged over all usable slots and replicas.
    usable_share: Scalar, share of usable task slots, in [0, 1].

  Returns:
    `OuterUpdate`.
  """
  gradient = tf.where(trained, gradient, tf.zeros_like(gradient))
  norm = tf.norm(gradient)
  learned = _choose(
    usable_share > 0,
    _learn(config, trained, state, gradient * _clip(config, norm)),
    state.learned,
  )
  good = usable_share >= 0.5
  bad_steps = tf.where(good, 0, state.bad_steps + 1)
  step = state.step + 1
  remember = good & tf.equal(step % config.remember_every, 0)
  remembered = _choose(remember, learned, state.remembered)
  if config.rollback_after:
    rolled_back = bad_steps >= config.rollback_after
  else:
    rolled_back = tf.constant(False)
  scale = state.rate_scale
  return OuterUpdate(
    OuterState(
      learned=_choose(rolled_back, state.remembered, learned),
      remembered=remembered,
      step=step,
      bad_steps=tf.where(rolled_back, 0, bad_steps),
      rate_scale=tf.where(rolled_back, ROLLBACK_RATE_FACTOR * scale, scale),
      rollbacks=state.rollbacks + tf.cast(rolled_back, tf.int32),
    ),
    norm,
    rolled_back,
  )


def learning_rate(config: MetaTrainConfig, state: OuterState) -> tf.Tensor:
  """Learning rate of the next update: the schedule times `rate_scale`.

  Args:
    config: Configuration of the run.
    state: `OuterState` before the update.

  Returns:
    Scalar.
  """
  rate = config.learning_rate
  if config.decay_steps:
    schedule = keras.optimizers.schedules.CosineDecay(
      rate, config.decay_steps, alpha=0.1
    )
    rate = schedule(state.learned.steps)
  return tf.cast(rate, state.rate_scale.dtype) * state.rate_scale


def _learn(config, trained, state, gradient) -> Learned:
  learned = state.learned
  parameters, means, squares = adam_step(
    learned.parameters,
    gradient,
    learned.means,
    learned.squares,
    learning_rate(config, state),
    learned.steps,
  )
  knots = len(config.inner_learning_rates)
  is_rate = np.arange(len(trained)) >= len(trained) - knots
  clamped = tf.clip_by_value(
    parameters, math.log(SMALLEST_RATE), math.log(LARGEST_RATE)
  )
  parameters = tf.where(is_rate & trained, clamped, parameters)
  average = parameters
  if config.average_decay:
    # Early on, the mean is over the few steps done so far.
    steps = tf.cast(learned.steps, parameters.dtype)
    decay = tf.minimum(config.average_decay, (1 + steps) / (10 + steps))
    average = learned.average + (1 - decay) * (parameters - learned.average)
  return Learned(parameters, means, squares, learned.steps + 1, average)


def _clip(config, norm):
  return config.clip_norm / tf.maximum(norm, config.clip_norm)


def _choose(condition, yes, no):
  return tf.nest.map_structure(
    lambda one, other: tf.where(condition, one, other), yes, no
  )
