# SPDX-License-Identifier: Apache-2.0
"""Compiled functions of outer steps, for all replicas of a strategy."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.outer.step import ReplicaState, outer_steps
from lurl_tf.meta.slots.group import SlotGroup
from lurl_tf.meta.slots.queue import DrawnTruncations
from lurl_tf.meta.train_config import MetaTrainConfig


class OuterCalls:
  """Runs outer steps on all replicas.

  One function is traced and compiled for every bucket that a call can begin
  with and every number of steps.

  Args:
    strategy: Strategy of the replicas.
    config: Configuration of the run, without "auto" values.
    trained: `[n]` bool, the meta-parameters that are trained.
    groups: `SlotGroup` of every bucket.

  Call arguments:
    state: Per-replica `ReplicaState` before the steps.
    drawn: `DrawnTruncations`, one per step.
    stop: Whether this process asks all processes to stop.

  Returns:
    The next per-replica `ReplicaState`, and a NumPy array `[steps, m]` of
    packed `StepMetrics`.
  """

  def __init__(
    self,
    strategy: tf.distribute.Strategy,
    config: MetaTrainConfig,
    trained: np.ndarray,
    groups: Sequence[SlotGroup],
  ):
    self._strategy, self._config = strategy, config
    self._trained, self._groups = trained, tuple(groups)
    self._functions: dict[tuple[int, int], Any] = {}

  def __call__(
    self, state: ReplicaState, drawn: DrawnTruncations, stop: bool
  ) -> tuple[ReplicaState, np.ndarray]:
    key = drawn.first_bucket, len(drawn.each)
    if key not in self._functions:
      self._functions[key] = self._compiled(drawn.first_bucket)
    with plain_graphs():
      state, packed = self._functions[key](
        state, self.per_replica(drawn), tf.constant(float(stop))
      )
    return state, distribution.first_local(self._strategy, packed).numpy()

  @property
  def trace_count(self) -> int:
    """Number of times that functions were traced."""
    return sum(
      function.experimental_get_tracing_count()
      for function in self._functions.values()
    )

  def is_compiled(self, drawn: DrawnTruncations) -> bool:
    """Whether a call with these truncations compiles nothing new."""
    return (drawn.first_bucket, len(drawn.each)) in self._functions

  def replica_function(
    self, first_bucket: int
  ) -> Callable[..., tuple[ReplicaState, tf.Tensor]]:
    """The function that each replica runs.

    Args:
      first_bucket: Index of the bucket that begins.

    Returns:
      Function of the last three arguments of `outer_steps`.
    """
    in_a_loop = distribution.reduces_in_loops(self._strategy)

    def on_replica(state, truncations, stop):
      return outer_steps(
        self._config,
        self._trained,
        self._groups,
        first_bucket,
        in_a_loop,
        state,
        truncations,
        stop,
      )

    return on_replica

  def per_replica(self, drawn: DrawnTruncations) -> Any:
    """Truncations as per-replica values.

    Args:
      drawn: Truncations of the replicas of this process.

    Returns:
      Per-replica tuple of `Truncation`.
    """
    return distribution.per_replica(
      self._strategy,
      lambda replica: tuple(each[replica] for each in drawn.each),
    )

  def _compiled(self, first_bucket: int) -> Any:
    on_replica = self.replica_function(first_bucket)

    def call(state, truncations, stop):
      return self._strategy.run(on_replica, args=(state, truncations, stop))

    return tf.function(call, autograph=False)
