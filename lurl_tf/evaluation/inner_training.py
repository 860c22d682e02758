# SPDX-License-Identifier: Apache-2.0
"""A frozen rule applied for many steps, to several base models at once."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.evaluation.draws import UnlabelledBatches
from lurl_tf.layers.forward_pass import Activation
from lurl_tf.rule.apply_rule import Rule, inner_step
from lurl_tf.rule.inner_optimizer import scheduled_rate
from lurl_tf.structures import LayerWeights

MOST_STEPS_PER_CALL = 256
MOST_BYTES_PER_CALL = 64 * 2**20
SECONDS_PER_CALL = 5.0


class InnerTraining:
  """Trains base models without labels, by a rule that stays as it is.

  One compiled loop over a stack of batches serves all calls: a stack always
  has the same shape, and how many of its steps are taken is a number.

  Args:
    rule: an `UpdateRule`, or any callable that `inner_step` takes.
    batches: unlabelled batches for all models.
    learning_rates: knots of the inner learning rate over progress t / T, see
      `scheduled_rate`.
    horizon: T, the steps of a whole inner training; the last rate goes on
      beyond it.
    activation: of the base models.
    jit_compile: whether XLA compiles the loop.
  """

  def __init__(
    self,
    rule: Rule,
    batches: UnlabelledBatches,
    learning_rates: Sequence[float],
    horizon: int,
    activation: Activation = "relu",
    jit_compile: bool = False,
  ):
    self._batches = batches
    bytes_per_step = 4 * int(np.prod(batches.step_shape))
    self._stack_size = int(
      np.clip(MOST_BYTES_PER_CALL // bytes_per_step, 1, MOST_STEPS_PER_CALL)
    )

    @tf.function(jit_compile=jit_compile)
    def advance(weights, stack, first_step, num_steps):
      dtype = weights[0].kernel.dtype
      knots = tf.constant(learning_rates, dtype)

      def one_step(index, weights):
        progress = tf.cast(first_step + index, dtype) / horizon
        rate = scheduled_rate(knots, progress)
        inputs = tf.cast(stack[index], dtype)
        return index + 1, inner_step(rule, weights, inputs, rate, activation)

      return tf.while_loop(
        lambda index, _: index < num_steps,
        one_step,
        (tf.constant(0), weights),
      )[1]

    self._advance = advance

  @property
  def num_traces(self) -> int:
    """How often the loop was traced; more than once would be a waste."""
    return self._advance.experimental_get_tracing_count()

  def advance(
    self,
    weights: Sequence[LayerWeights],
    first_step: int,
    last_step: int,
    report: Callable[[int], None] | None = None,
  ) -> tuple[LayerWeights, ...]:
    """Takes the inner steps from `first_step` up to `last_step`.

    Args:
      weights: `LayerWeights` of every layer, with a leading axis of tasks.
      first_step: steps that `weights` have behind them.
      last_step: steps that the result has behind it.
      report: called now and then with the number of steps done.

    Returns:
      The `LayerWeights` after `last_step` steps.
    """
    weights = tuple(weights)
    step, steps_per_call = first_step, 1
    while step < last_step:
      num_steps = min(steps_per_call, last_step - step)
      stack = np.zeros(
        [self._stack_size, *self._batches.step_shape], np.float32
      )
      stack[:num_steps] = self._batches.stack(step, num_steps)
      began = time.monotonic()
      weights = self._advance(
        weights, tf.constant(stack), tf.constant(step), tf.constant(num_steps)
      )
      weights[0].bias.numpy()  # waits for the end of the computation
      # Long calls save time, but nobody wants to wait long for a sign of life.
      seconds_per_step = (time.monotonic() - began) / num_steps
      steps_per_call = int(
        np.clip(SECONDS_PER_CALL / seconds_per_step, 1, self._stack_size)
      )
      step += num_steps
      if report is not None:
        report(step)
    return weights
