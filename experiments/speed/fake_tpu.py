# SPDX-License-Identifier: Apache-2.0
"""Compiles for TPUs on a machine without one, with the compiler of `libtpu`.

It uses private parts of TensorFlow and JAX: only the versions in
`tpu_check_requirements.txt` are known to work. Nothing is executed.
"""

import contextlib
import dataclasses
import os
import re
import time
from collections.abc import Iterator
from unittest import mock

# Without these variables libtpu searches for a TPU and waits.
os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TPU_ACCELERATOR_TYPE", "v5litepod-4")
os.environ.setdefault("TPU_WORKER_HOSTNAMES", "localhost")
os.environ.setdefault("ALLOW_MULTIPLE_LIBTPU_LOAD", "1")

import tensorflow as tf  # noqa: E402

from lurl_tf.meta.strategy import first_local  # noqa: E402
from lurl_tf.meta.trainer import MetaTrainer  # noqa: E402

CHIPS = 4

_ALL_REDUCE = re.compile(r"= (\(.*?\)|\S+) all-reduce(?:-start)?\(")
_PRODUCT = re.compile(r" (?:convolution|dot)\(.*")
_PRECISION = re.compile(r"operand_precision=\{([a-z]+)")
_SHAPE = re.compile(r"(f32|bf16|f64|s32|pred)\[([\d,]*)\]")


@dataclasses.dataclass(frozen=True)
class Program:
  """Properties of a compiled program.

  Args:
    all_reduces: Number of reductions over all chips.
    reduced_bytes: Size of the reduced tensors in bytes.
    temp_bytes: Memory of intermediate results in bytes.
    argument_bytes: Memory of inputs and outputs in bytes.
    code_bytes: Size of the program in bytes.
    flops: Floating point operations counted by the compiler, which counts the
      body of a loop once.
    precisions: Number of matrix products for each precision of the operands.
    seconds: Seconds of the compilation.
  """

  all_reduces: int
  reduced_bytes: int
  temp_bytes: int
  argument_bytes: int
  code_bytes: int
  flops: float
  precisions: dict[str, int]
  seconds: float


def fake_strategy() -> tf.distribute.TPUStrategy:
  """Returns a `TPUStrategy` of four chips that do not exist."""
  from tensorflow.python.tpu import tpu_system_metadata

  class Resolver(tf.distribute.cluster_resolver.TPUClusterResolver):
    """Resolver that reports chips which do not exist."""

    def __init__(self):
      super().__init__(tpu="local")

    def get_tpu_system_metadata(self):
      devices = [
        tf.config.LogicalDevice(
          f"/job:localhost/replica:0/task:0/device:TPU:{chip}", "TPU"
        )
        for chip in range(CHIPS)
      ]
      return tpu_system_metadata.TPUSystemMetadata(
        num_cores=CHIPS,
        num_hosts=1,
        num_of_cores_per_host=CHIPS,
        topology=None,
        devices=devices,
      )

  return tf.distribute.TPUStrategy(Resolver())


@contextlib.contextmanager
def _on_a_replica(strategy: tf.distribute.TPUStrategy) -> Iterator[None]:
  """Returns a context that traces functions as on the first chip."""
  from tensorflow.compiler.tf2xla.ops import gen_xla_ops
  from tensorflow.python.distribute import tpu_strategy, tpu_util
  from tensorflow.python.tpu.ops import tpu_ops

  def cross_replica_sum(value):
    return gen_xla_ops.xla_all_reduce(
      value, [list(range(CHIPS))], "Add", "CrossReplica"
    )

  with contextlib.ExitStack() as stack:
    stack.enter_context(strategy.scope())
    # Without this patch the reduction would be skipped silently.
    stack.enter_context(
      mock.patch.object(tpu_util, "enclosing_tpu_context", object)
    )
    stack.enter_context(
      mock.patch.object(tpu_ops, "cross_replica_sum", cross_replica_sum)
    )
    stack.enter_context(
      tpu_strategy._TPUReplicaContext(strategy, replica_id_in_sync_group=0)
    )
    yield


def lower_step(
  strategy: tf.distribute.TPUStrategy, trainer: MetaTrainer
) -> bytes:
  """Returns the program of one chip for a call of the trainer.

  Args:
    strategy: Strategy returned by `fake_strategy`.
    trainer: Trainer constructed with `strategy`.

  Returns:
    Serialized HLO.
  """
  drawn = trainer.queue.take(trainer.steps_per_call)
  truncations = trainer.outer_calls.per_replica(drawn)
  arguments = (
    *first_local(strategy, (trainer.state.values, truncations)),
    tf.constant(0.0),
  )
  function = tf.function(
    trainer.outer_calls.replica_function(0), jit_compile=True, autograph=False
  )
  with _on_a_replica(strategy):
    return function.experimental_get_compiler_ir(*arguments)(
      stage="hlo_serialized"
    )


def compile_for(topology: str, hlo: bytes) -> Program:
  """Compiles a program for chips that do not exist.

  Args:
    topology: `"v5e:2x2"` or `"v4:2x2x1"`, which have four chips.
    hlo: Serialized HLO returned by `lower_step`.

  Returns:
    Properties of the compiled program.

  Raises:
    RuntimeError: if the compilation fails, with `RESOURCE_EXHAUSTED` if the
      memory of a chip is too small.
  """
  import jaxlib._jax as jax_private
  import numpy as np
  from jax._src.interpreters import mlir
  from jax._src.lib import xla_client
  from jax.experimental import topologies
  from jaxlib.mlir import ir

  devices = topologies.get_topology_desc(
    platform="tpu", topology_name=topology
  ).devices[:CHIPS]
  options = xla_client.CompileOptions()
  options.num_replicas = len(devices)
  options.device_assignment = xla_client.DeviceAssignment.create(
    np.arange(len(devices)).reshape(len(devices), 1)
  )
  with mlir.make_ir_context():
    module = ir.Module.parse(jax_private.mlir.hlo_to_stablehlo(hlo))
    began = time.monotonic()
    program = devices[0].client.compile(
      module, jax_private.DeviceList(tuple(devices)), options
    )
    seconds = time.monotonic() - began
  memory = program.get_compiled_memory_stats()
  costs = program.cost_analysis()
  costs = costs[0] if isinstance(costs, list) else costs
  text = program.hlo_modules()[0].to_string()
  count, reduced = all_reduces(text)
  return Program(
    all_reduces=count,
    reduced_bytes=reduced,
    temp_bytes=memory.temp_size_in_bytes,
    argument_bytes=memory.argument_size_in_bytes + memory.output_size_in_bytes,
    code_bytes=memory.generated_code_size_in_bytes,
    flops=costs["flops"],
    precisions=product_precisions(text),
    seconds=seconds,
  )


def all_reduces(text: str) -> tuple[int, int]:
  """Returns the number of all-reduces in a program's text, and their bytes."""
  shapes = [match[1] for match in _ALL_REDUCE.finditer(text)]
  return len(shapes), sum(map(_num_bytes, shapes))


def product_precisions(text: str) -> dict[str, int]:
  """Counts matrix products and convolutions by their precision."""
  counts: dict[str, int] = {}
  for match in _PRODUCT.finditer(text):
    found = _PRECISION.search(match[0])
    name = found[1] if found else "default"
    counts[name] = counts.get(name, 0) + 1
  return dict(sorted(counts.items()))


def _num_bytes(shape: str) -> int:
  sizes = {"f32": 4, "bf16": 2, "f64": 8, "s32": 4, "pred": 1}
  total = 0
  for kind, dimensions in _SHAPE.findall(shape):
    product = 1
    for size in filter(None, dimensions.split(",")):
      product *= int(size)
    total += sizes[kind] * product
  return total
