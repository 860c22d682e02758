# SPDX-License-Identifier: Apache-2.0
"""What is meta-learned, and the outer step that moves it; pure functions."""

import math
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lurl_tf.meta.train_config import MetaTrainConfig
from lurl_tf.optimizers.adam import adam_step

# Inner learning rates are clamped to these when they are learned.
SMALLEST_RATE, LARGEST_RATE = 1e-6, 1.0


class Learned(NamedTuple):
  """The meta-parameters and the optimizer's state that belongs to them.

  Attributes:
    parameters: `[n]`, see `flatten_parameters`.
    means: `[n]`, Adam's decaying means of gradients.
    squares: `[n]`, Adam's decaying means of their squares.
    steps: scalar int32, Adam's steps.
    average: `[n]`, decaying means of the parameters; equal to them without
      averaging.
  """

  parameters: tf.Tensor
  means: tf.Tensor
  squares: tf.Tensor
  steps: tf.Tensor
  average: tf.Tensor


class OuterState(NamedTuple):
  """All that one outer step hands to the next, the same on every replica.

  Attributes:
    learned: as it stands.
    remembered: as it was when it was last seen in good order.
    step: scalar int32, outer steps done.
    bad_steps: scalar int32, outer steps in a row that lost most task slots.
    rate_scale: scalar, the learning rate's factor after going back.
    rollbacks: scalar int32, how often it went back.
  """

  learned: Learned
  remembered: Learned
  step: tf.Tensor
  bad_steps: tf.Tensor
  rate_scale: tf.Tensor
  rollbacks: tf.Tensor


class OuterStep(NamedTuple):
  """What an outer step leads to.

  Attributes:
    state: the next `OuterState`.
    gradient_norm: scalar, before clipping.
    rolled_back: scalar bool, whether it went back to what was remembered.
  """

  state: OuterState
  gradient_norm: tf.Tensor
  rolled_back: tf.Tensor


def initial_state(parameters: tf.Tensor) -> OuterState:
  """The state before the first outer step, from parameters `[n]`."""
  zeros = tf.zeros_like(parameters)
  learned = Learned(parameters, zeros, zeros, tf.constant(0), parameters)
  one = tf.constant(1, parameters.dtype)
  zero = tf.constant(0)
  return OuterState(learned, learned, zero, zero, one, zero)


def outer_step(
  config: MetaTrainConfig,
  trained: np.ndarray,
  state: OuterState,
  gradient: tf.Tensor,
  usable_share: tf.Tensor,
) -> OuterStep:
  """A step of Adam, or back to what was remembered.

  Nothing moves where no slot is usable. After `config.rollback_after` steps in
  a row that lost more than half of their slots, the meta-parameters and Adam's
  state go back to what they were at the last multiple of
  `config.remember_every` steps with a good step, and the learning rate falls.

  Args:
    config: the run.
    trained: `[n]` bool, the meta-parameters that are trained.
    state: before the step.
    gradient: `[n]`, averaged over all usable truncations and replicas.
    usable_share: scalar, of the task slots of this step, in [0, 1].

  Returns:
    `OuterStep`.
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
  return OuterStep(
    OuterState(
      learned=_choose(rolled_back, state.remembered, learned),
      remembered=remembered,
      step=step,
      bad_steps=tf.where(rolled_back, 0, bad_steps),
      rate_scale=tf.where(
        rolled_back, config.rollback_rate_factor * scale, scale
      ),
      rollbacks=state.rollbacks + tf.cast(rolled_back, tf.int32),
    ),
    norm,
    rolled_back,
  )


def learning_rate(config: MetaTrainConfig, state: OuterState) -> tf.Tensor:
  """Of the next step: the schedule, and smaller after going back."""
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
    # Early on the mean is over the steps that there were.
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
