# SPDX-License-Identifier: Apache-2.0
"""Strategies of replicas; the only file that calls GPU or TPU APIs."""

import json
import os
from typing import Any

import tensorflow as tf

# Errors of a reduction after another process has stopped.
WORKER_LOST = (
  tf.errors.UnavailableError,
  tf.errors.AbortedError,
  tf.errors.CancelledError,
  tf.errors.DeadlineExceededError,
  tf.errors.InternalError,
)

STRATEGIES = ("default", "mirrored", "multi_worker", "tpu")


def make_strategy(
  name: str = "default", tpu: str = "", cpu_replicas: int = 0
) -> tf.distribute.Strategy:
  """Makes a strategy by name; call it before TensorFlow runs anything.

  Args:
    name: `"default"`, one replica on one device; `"mirrored"`, one on every
      GPU of this machine; `"multi_worker"`, one on every device of the
      machines that the environment variable `TF_CONFIG` lists; `"tpu"`, one on
      every core of a TPU or a pod, in full float32 precision.
    tpu: For `"tpu"`, name or address of the TPU; `"local"` on a TPU machine.
    cpu_replicas: For `"mirrored"`, number of replicas on this machine's CPU, to
      test a run of several replicas without GPUs.

  Returns:
    A `tf.distribute.Strategy`.

  Raises:
    ValueError: If the name is unknown, an argument belongs to another strategy,
      or the strategy cannot be made on this machine.
  """
  if name not in STRATEGIES:
    raise ValueError(
      f"`name` must be one of {', '.join(STRATEGIES)}. Received: name={name!r}"
    )
  if bool(tpu) != (name == "tpu"):
    raise ValueError(
      "`tpu` must be given with the strategy 'tpu', and only with it. "
      f"Received: name={name!r}, tpu={tpu!r}"
    )
  if cpu_replicas and (name != "mirrored" or cpu_replicas < 2):
    raise ValueError(
      "`cpu_replicas` must be at least 2, with the strategy 'mirrored'. "
      f"Received: name={name!r}, cpu_replicas={cpu_replicas}"
    )
  if name == "mirrored":
    return _mirrored(cpu_replicas)
  if name == "multi_worker":
    _check_cluster()
    return tf.distribute.MultiWorkerMirroredStrategy()
  if name == "tpu":
    return _tpu(tpu)
  return tf.distribute.get_strategy()


def use_full_precision() -> None:
  """Computes float32 products in full precision on GPUs and TPUs.

  By default they round factors to fewer bits, also within the read-out.
  """
  tf.config.experimental.enable_tensor_float_32_execution(False)


def compiles_replicas(strategy: tf.distribute.Strategy) -> bool:
  """Whether the strategy itself compiles the functions of replicas."""
  return isinstance(strategy, tf.distribute.TPUStrategy)


def runs_on_cpus(strategy: tf.distribute.Strategy) -> bool:
  """Whether replicas run on CPUs."""
  if compiles_replicas(strategy):
    return False
  try:
    devices = strategy.extended.worker_devices
  except RuntimeError:  # The default strategy has no devices of its own.
    return not tf.config.list_logical_devices("GPU")
  return all(":CPU:" in device for device in devices)


def reduces_in_loops(strategy: tf.distribute.Strategy) -> bool:
  """Whether replicas can reduce within a loop.

  The replicas of a `MirroredStrategy` are threads that meet in Python to
  reduce, which fails while the graph of a loop is traced.
  """
  mirrored = (
    tf.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
  )
  return not isinstance(strategy, mirrored)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
  """Whether this process is the one that writes files."""
  return not has_workers(strategy) or strategy.cluster_resolver.task_id == 0


def has_workers(strategy: tf.distribute.Strategy) -> bool:
  """Whether the strategy has several processes."""
  return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def local_replicas(strategy: tf.distribute.Strategy) -> tuple[int, ...]:
  """Numbers of the replicas of this process."""
  numbers = []

  def note(context):
    numbers.append(context.replica_id_in_sync_group)
    return tf.constant(0)

  strategy.experimental_distribute_values_from_function(note)
  return tuple(numbers)


def per_replica(strategy: tf.distribute.Strategy, value_of: Any) -> Any:
  """Makes per-replica values for the replicas of this process.

  Args:
    strategy: Strategy of the replicas.
    value_of: Function from the number of a replica to nested tensors.

  Returns:
    The same nested structure of per-replica values.
  """
  return strategy.experimental_distribute_values_from_function(
    lambda context: value_of(context.replica_id_in_sync_group)
  )


def gather(strategy: tf.distribute.Strategy, values: Any) -> Any:
  """Concatenates the values of all replicas along their first axis.

  Args:
    strategy: Strategy of the replicas; all of its processes must call this.
    values: Nested per-replica values of equal shapes; floats and integers.

  Returns:
    The same nested structure of tensors.
  """
  return tf.nest.map_structure(
    lambda value: strategy.gather(value, axis=0), values
  )


def first_local(strategy: tf.distribute.Strategy, values: Any) -> Any:
  """The values of the first replica of this process."""
  return tf.nest.map_structure(
    lambda value: strategy.experimental_local_results(value)[0], values
  )


def _mirrored(cpu_replicas: int) -> tf.distribute.Strategy:
  if not cpu_replicas:
    return tf.distribute.MirroredStrategy()
  (processor, *_) = tf.config.list_physical_devices("CPU")
  devices = [tf.config.LogicalDeviceConfiguration()] * cpu_replicas
  try:
    tf.config.set_logical_device_configuration(processor, devices)
  except RuntimeError as error:
    if len(tf.config.list_logical_devices("CPU")) < cpu_replicas:
      raise ValueError(
        "`cpu_replicas` must be set before TensorFlow runs anything. "
        f"Received: cpu_replicas={cpu_replicas}"
      ) from error
  return tf.distribute.MirroredStrategy(
    [f"/cpu:{index}" for index in range(cpu_replicas)]
  )


def _check_cluster() -> None:
  text = os.environ.get("TF_CONFIG", "")
  try:
    config = json.loads(text)
    workers, index = config["cluster"]["worker"], config["task"]["index"]
    known = config["task"]["type"] == "worker" and 0 <= index < len(workers)
  except (ValueError, KeyError, TypeError):
    known = False
  if not known:
    raise ValueError(
      "The environment variable TF_CONFIG must list the workers and the index "
      'of this one: {"cluster": {"worker": ["one:2222", "two:2222"]}, "task": '
      '{"type": "worker", "index": 0}}. '
      f"Received: TF_CONFIG={text!r}"
    )


def _tpu(name: str) -> tf.distribute.Strategy:
  use_full_precision()
  resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
  tf.config.experimental_connect_to_cluster(resolver)
  tf.tpu.experimental.initialize_tpu_system(resolver)
  return tf.distribute.TPUStrategy(resolver)
