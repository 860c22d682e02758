# SPDX-License-Identifier: Apache-2.0
"""Compiles for a TPU where there is none, with the compiler of `libtpu`.

It reaches into private parts of TensorFlow and JAX: only the versions of
`tpu_check_requirements.txt` are known to work. Nothing is executed.
"""

import contextlib
import dataclasses
import os
import re
import time
from collections.abc import Iterator
from unittest import mock

# Without these, libtpu looks for a TPU, and waits.
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
  """A compiled program.

  Args:
    all_reduces: reductions over all chips.
    reduced_bytes: of what they reduce.
    temp_bytes: memory for what is computed on the way.
    argument_bytes: memory of inputs and outputs.
    code_bytes: of the program itself.
    flops: floating point operations, as the compiler counts them: the inside
      of a loop once.
    precisions: how many matrix products have each precision of operands.
    seconds: that compiling took.
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
  """A `TPUStrategy` of four chips that are not there."""
  from tensorflow.python.tpu import tpu_system_metadata

  class Resolver(tf.distribute.cluster_resolver.TPUClusterResolver):
    """Says that there are chips."""

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
  """A context in which a function is traced as on the first chip."""
  from tensorflow.compiler.tf2xla.ops import gen_xla_ops
  from tensorflow.python.distribute import tpu_strategy, tpu_util
  from tensorflow.python.tpu.ops import tpu_ops

  def cross_replica_sum(value):
    return gen_xla_ops.xla_all_reduce(
      value, [list(range(CHIPS))], "Add", "CrossReplica"
    )

  with contextlib.ExitStack() as stack:
    stack.enter_context(strategy.scope())
    # Without this the reduction would be left out in silence.
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
  """What one chip runs in a call of the trainer, as serialised HLO.

  Args:
    strategy: of `fake_strategy`.
    trainer: that was made with it.
  """
  arguments = (
    *first_local(strategy, trainer.next_arguments(trainer.steps_per_call)),
    tf.constant(0.0),
  )
  function = tf.function(
    trainer.replica_function(0), jit_compile=True, autograph=False
  )
  with _on_a_replica(strategy):
    return function.experimental_get_compiler_ir(*arguments)(
      stage="hlo_serialized"
    )


def compile_for(topology: str, hlo: bytes) -> Program:
  """Compiles a program for chips that are not there.

  Args:
    topology: `"v5e:2x2"` or `"v4:2x2x1"`, four chips.
    hlo: of `lower_step`.

  Returns:
    `Program`.

  Raises:
    RuntimeError: if the compiler refuses it; `RESOURCE_EXHAUSTED` as on a chip
      that has too little memory.
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
  """How many all-reduces a program's text has, and of how many bytes."""
  shapes = [match[1] for match in _ALL_REDUCE.finditer(text)]
  return len(shapes), sum(map(_num_bytes, shapes))


def product_precisions(text: str) -> dict[str, int]:
  """How many matrix products and convolutions have each precision."""
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
