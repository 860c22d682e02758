# SPDX-License-Identifier: Apache-2.0
"""Times inner steps and meta-gradients of one case, in this process."""

import dataclasses
import resource
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from experiments.speed.cases import Case
from experiments.speed.fit import time_fit
from lurl_tf.meta.estimators import Estimate, TruncatedBackpropagation
from lurl_tf.meta.inner.flat_parameters import flatten_parameters
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import MetaParameters, TruncationData
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.slots.programs import SlotInputs, SlotPrograms
from lurl_tf.rule import UpdateRule
from lurl_tf.rule.learned.operation_count import (
  GRADIENT_FACTOR,
  inner_step_operations,
)
from lurl_tf.structures import Episode

CLASSES, EXAMPLES_PER_CLASS = 10, 10
MATMUL_SIZE = 2048


@dataclasses.dataclass(frozen=True)
class Measurement:
  """Times of a case, per task and inner step, and its memory.

  Args:
    inner_step_ms: Milliseconds of the forward pass, without a gradient.
    meta_grad_ms_per_inner_step: Milliseconds of truncated backpropagation,
      including the forward pass; None if it was not timed.
    inner_step_gflops: GFLOP/s of the forward pass, with the operations that
      `inner_step_operations` counts.
    meta_grad_gflops: GFLOP/s of truncated backpropagation, with three times the
      operations of the forward pass; None if it was not timed.
    matmul_gflops: GFLOP/s of a large matrix product in the same process.
    peak_rss_mb: Peak memory of the process in MB when the first of the
      meta-gradient and the forward pass was timed, including compilation.
    trace_s: Seconds of tracing the meta-gradient, or else the forward pass.
    compile_s: Seconds of compiling the meta-gradient, or else the forward pass.
    fit_ms: Milliseconds of an inner step in `LocalRuleModel.fit`; None if it
      was not timed.
  """

  inner_step_ms: float
  meta_grad_ms_per_inner_step: float | None
  inner_step_gflops: float
  meta_grad_gflops: float | None
  matmul_gflops: float
  peak_rss_mb: float
  trace_s: float
  compile_s: float
  fit_ms: float | None = None


def measure(case: Case, repetitions: int = 5) -> Measurement:
  """Times one case on random data, with the published inner learning rate.

  Args:
    case: Case to time.
    repetitions: Number of calls, of which the median is taken.
  """
  task = TruncatedTask(
    case.rule,
    UnrollConfig(
      case.unroll,
      evaluate_every=case.unroll,
      product_dtype=case.product_dtype,
      convolutions=case.convolutions,
      compiler=case.compiler,
      recompute=case.recompute,
    ),
    case.input_size,
    case.units,
  )
  arguments = _arguments(case, task)

  @plain_graphs()
  def timed(estimator):
    programs = SlotPrograms(
      estimator,
      task,
      case.slots_per_program,
      jit_compile=not task.config.without_xla,
    )
    return _time(programs, arguments, repetitions)

  matmul = _time_matmul(repetitions)
  # Meta-training does not hold the program of the forward pass, which would
  # count as its memory. Hence it comes second.
  gradient = timed(TruncatedBackpropagation()) if case.gradient else None
  inner_steps = timed(_NoGradient())
  first = gradient or inner_steps
  steps = case.tasks * case.unroll
  forward, backward = inner_steps.call_s, gradient and gradient.call_s
  operations = steps * inner_step_operations(
    case.rule, case.input_size, case.units, case.batch_size
  )
  return Measurement(
    inner_step_ms=1e3 * forward / steps,
    meta_grad_ms_per_inner_step=backward and 1e3 * backward / steps,
    inner_step_gflops=operations / forward / 1e9,
    meta_grad_gflops=backward and GRADIENT_FACTOR * operations / backward / 1e9,
    matmul_gflops=matmul,
    peak_rss_mb=first.peak_rss_mb,
    trace_s=first.trace_s,
    compile_s=first.compile_s,
    fit_ms=1e3 * time_fit(case, repetitions=repetitions) if case.fit else None,
  )


class _NoGradient(TruncatedBackpropagation):
  """Forward pass without a gradient."""

  def estimate(self, task, parameters, state, clock, data, length, seeds):
    """Runs the truncation and returns empty gradients."""
    next_state, metrics = task.unroll(parameters, state, clock, data, length)
    return Estimate(tf.zeros([seeds.shape[0], 0]), next_state, metrics)


def _arguments(
  case: Case, task: TruncatedTask
) -> tuple[tf.Tensor, SlotInputs, tf.Tensor]:
  generator = np.random.default_rng(0)

  def random(*shape):
    return tf.constant(generator.random(shape, np.float32))

  size = CLASSES * EXAMPLES_PER_CLASS
  targets = np.repeat(np.eye(CLASSES, dtype=np.float32), EXAMPLES_PER_CLASS, 0)
  targets = tf.constant(
    np.broadcast_to(targets, (1, case.tasks, 1, size, CLASSES)).copy()
  )
  labelled = (1, case.tasks, 1, size, case.input_size)
  theta = UpdateRule(case.rule, seed=0).meta_parameters
  parameters = flatten_parameters(
    MetaParameters(tuple(map(tf.convert_to_tensor, theta)), tf.math.log([1e-4]))
  )
  return (
    parameters,
    SlotInputs(
      task.init(tf.constant([0, 0]), case.tasks),
      SlotClock(
        tf.zeros([case.tasks], tf.int32), tf.fill([case.tasks], case.unroll)
      ),
      TruncationData(
        random(case.unroll, case.tasks, case.batch_size, case.input_size),
        Episode(random(*labelled), targets, random(*labelled), targets),
      ),
      tf.zeros([case.tasks, 2], tf.int32),
    ),
    tf.constant(case.unroll),
  )


class _Timing(NamedTuple):
  """Seconds of tracing, compiling and a call, and the peak memory so far."""

  trace_s: float
  compile_s: float
  call_s: float
  peak_rss_mb: float


def _time(
  function: Callable[..., Any], arguments: tuple[Any, ...], repetitions: int
) -> _Timing:
  compiled = tf.function(function, autograph=False)

  def call():
    began = time.perf_counter()
    result = compiled(*arguments)
    for each in tf.nest.flatten(result):
      each.numpy()
    return time.perf_counter() - began

  began = time.perf_counter()
  compiled.get_concrete_function(*arguments)
  traced = time.perf_counter() - began
  first = call()
  seconds = float(np.median([call() for _ in range(repetitions)]))
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
  return _Timing(traced, max(first - seconds, 0.0), seconds, peak)


def _time_matmul(repetitions: int) -> float:
  """Returns the best GFLOP/s of several large matrix products."""
  factor = tf.random.stateless_uniform([MATMUL_SIZE, MATMUL_SIZE], (0, 0))
  product = tf.function(tf.matmul, autograph=False)
  product(factor, factor)
  best = float("inf")
  for _ in range(2 * repetitions):
    began = time.perf_counter()
    product(factor, factor).numpy()
    best = min(best, time.perf_counter() - began)
  return 2 * MATMUL_SIZE**3 / best / 1e9
