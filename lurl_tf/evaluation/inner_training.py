# SPDX-License-Identifier: Apache-2.0
"""Inner training of several base networks with a frozen rule."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from lurl_tf.evaluation.draws import UnlabelledBatches
from lurl_tf.layers.forward_pass import Activation, forward
from lurl_tf.optimizers import (
  FunctionalOptimizer,
  InnerOptimizerConfig,
  scheduled_rate,
)
from lurl_tf.rule.inner_step import Rule, check_shapes
from lurl_tf.structures import LayerWeights

MOST_STEPS_PER_CALL = 256
MOST_BYTES_PER_CALL = 64 * 2**20
SECONDS_PER_CALL = 5.0


class InnerTraining:
  """Trains base networks with a frozen rule.

  One compiled loop over a stack of batches is used for all calls: a stack
  always has the same shape, and the number of its steps is an argument.

  Args:
    rule: An `UpdateRule`, or any callable that `inner_step` takes.
    batches: Unlabelled batches of all networks.
    learning_rates: Knots of the inner learning rate over progress t / T, see
      `scheduled_rate`.
    horizon: T, the number of steps of a whole inner training. The last rate is
      used beyond it.
    activation: Activation of the base networks.
    jit_compile: Whether the loop is compiled with XLA.
    inner_optimizer: Optimizer that applies the rule's proposals; default:
      `DecayedSGD`.
    targets: `[n, k]` one-hot labels of the examples that `batches` draws from.
      Only supervised rules use them.

  Raises:
    ValueError: If the rule needs targets, and `targets` is None.
  """

  def __init__(
    self,
    rule: Rule,
    batches: UnlabelledBatches,
    learning_rates: Sequence[float],
    horizon: int,
    activation: Activation = "relu",
    jit_compile: bool = False,
    inner_optimizer: InnerOptimizerConfig | None = None,
    targets: np.ndarray | None = None,
  ):
    self._targets = None
    if getattr(rule, "needs_targets", False):
      if targets is None:
        raise ValueError(
          "A supervised rule needs `targets`. Received: targets=None"
        )
      self._targets = np.asarray(targets, np.float32)
    optimizer = FunctionalOptimizer(inner_optimizer or InnerOptimizerConfig())
    self._optimizer = optimizer
    # State of the optimizer, and the number of steps that led to it.
    self._optimizer_state, self._state_step = (), 0
    self._batches = batches
    bytes_per_step = 4 * int(np.prod(batches.step_shape))
    self._stack_size = int(
      np.clip(MOST_BYTES_PER_CALL // bytes_per_step, 1, MOST_STEPS_PER_CALL)
    )

    @tf.function(jit_compile=jit_compile)
    def advance(
      weights, optimizer_state, stack, target_stack, first_step, num_steps
    ):
      dtype = weights[0].kernel.dtype
      knots = tf.constant(learning_rates, dtype)

      def one_step(index, weights, optimizer_state):
        step = first_step + index
        progress = tf.cast(step, dtype) / horizon
        rate = scheduled_rate(knots, progress)
        inputs = tf.cast(stack[index], dtype)
        check_shapes(weights, inputs)
        bound_rule = rule
        if target_stack is not None:
          bound_rule = rule.with_targets(tf.cast(target_stack[index], dtype))
        changes = bound_rule(weights, forward(weights, inputs, activation))
        return (
          index + 1,
          *optimizer.apply(weights, changes, optimizer_state, rate, step),
        )

      return tf.while_loop(
        lambda index, *_: index < num_steps,
        one_step,
        (tf.constant(0), weights, optimizer_state),
      )[1:]

    self._advance = advance

  @property
  def num_traces(self) -> int:
    """Number of traces of the loop; 1 is intended."""
    return self._advance.experimental_get_tracing_count()

  def advance(
    self,
    weights: Sequence[LayerWeights],
    first_step: int,
    last_step: int,
    report: Callable[[int], None] | None = None,
  ) -> tuple[LayerWeights, ...]:
    """Applies the inner steps from `first_step` up to `last_step`.

    Args:
      weights: `LayerWeights` of every layer, with a leading axis of tasks.
      first_step: Number of steps that led to `weights`.
      last_step: Number of steps that lead to the result.
      report: Callable that is called repeatedly with the number of steps done.

    Returns:
      The `LayerWeights` after `last_step` steps.

    Raises:
      ValueError: If the inner optimizer has a state, and `first_step` is not 0
        or the `last_step` of the previous call.
    """
    weights = tuple(weights)
    optimizer_state = self._optimizer_state_at(first_step, weights)
    step, steps_per_call = first_step, 1
    while step < last_step:
      num_steps = min(steps_per_call, last_step - step)
      stack = np.zeros(
        [self._stack_size, *self._batches.step_shape], np.float32
      )
      stack[:num_steps] = self._batches.stack(step, num_steps)
      began = time.monotonic()
      weights, optimizer_state = self._advance(
        weights,
        optimizer_state,
        tf.constant(stack),
        self._target_stack(step, num_steps),
        tf.constant(step),
        tf.constant(num_steps),
      )
      weights[0].bias.numpy()  # Waits for the end of the computation.
      # Long calls save time, but progress should be reported regularly.
      seconds_per_step = (time.monotonic() - began) / num_steps
      steps_per_call = int(
        np.clip(SECONDS_PER_CALL / seconds_per_step, 1, self._stack_size)
      )
      step += num_steps
      if report is not None:
        report(step)
    self._optimizer_state, self._state_step = optimizer_state, step
    return weights

  def _target_stack(self, first_step, num_steps):
    """Targets of the batches of consecutive steps; None if not needed."""
    if self._targets is None:
      return None
    tasks, batch_size, _ = self._batches.step_shape
    stack = np.zeros(
      [self._stack_size, tasks, batch_size, self._targets.shape[-1]],
      np.float32,
    )
    for task in range(tasks):
      rows = self._batches.rows(task, first_step, num_steps)
      stack[:num_steps, task] = self._targets[rows]
    return tf.constant(stack)

  def _optimizer_state_at(self, step, weights):
    if step == 0 or self._optimizer.state_type is tuple:
      return self._optimizer.init(weights)
    if step != self._state_step:
      raise ValueError(
        "`first_step` must be 0 or the last step of the previous call, "
        f"{self._state_step}, as the inner optimizer has a state. "
        f"Received: first_step={step}"
      )
    return self._optimizer_state
