# SPDX-License-Identifier: Apache-2.0
"""State of a trainer: tensors on the replicas, variables for checkpoints."""

from typing import Any

import tensorflow as tf

from lurl_tf.meta import strategy as distribution
from lurl_tf.meta.outer.step import ReplicaState


class TrainerState:
  """The `ReplicaState` of all replicas.

  Outer steps are pure functions of tensors, which stay on their devices. They
  are copied to variables of this process only to write a checkpoint, and from
  them after one is read. The variables hold the outer state once and the slots
  of all replicas along their first axis. Therefore every process has the whole
  checkpoint, and one of them writes it.

  Args:
    strategy: Strategy of the replicas.
    initial: Initial `ReplicaState` of every replica.
  """

  def __init__(self, strategy: tf.distribute.Strategy, initial: ReplicaState):
    self._strategy = strategy
    self.values = distribution.per_replica(strategy, lambda _: initial)
    replicas = strategy.num_replicas_in_sync
    self._variables = tf.nest.map_structure(
      lambda value: tf.Variable(value, trainable=False),
      initial._replace(
        slots=tf.nest.map_structure(
          lambda value: tf.concat([value] * replicas, axis=0), initial.slots
        )
      ),
    )
    self.checkpoint = tf.train.Checkpoint(**_named(self._variables))

  def store(self) -> None:
    """Copies the replicas to the variables; all processes must call it."""
    values = ReplicaState(
      distribution.first_local(self._strategy, self.values.outer),
      distribution.gather(self._strategy, self.values.slots),
    )
    tf.nest.map_structure(
      lambda variable, value: variable.assign(value), self._variables, values
    )

  def load(self) -> None:
    """Copies the variables to the replicas of this process."""
    values = tf.nest.map_structure(tf.convert_to_tensor, self._variables)
    replicas = self._strategy.num_replicas_in_sync

    def of_replica(replica):
      return values._replace(
        slots=tf.nest.map_structure(
          lambda value: tf.split(value, replicas)[replica], values.slots
        )
      )

    self.values = distribution.per_replica(self._strategy, of_replica)


def _named(values: Any) -> Any:
  """Turns named tuples into dicts, whose keys are names in a checkpoint."""
  if hasattr(values, "_asdict"):
    return {
      name: _named(value)
      for name, value in values._asdict().items()
      if not isinstance(value, tuple) or value
    }
  if isinstance(values, tuple):
    return [_named(value) for value in values]
  return values
