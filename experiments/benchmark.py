# SPDX-License-Identifier: Apache-2.0
"""Times the use of a rule: `fit` beside the bare inner step, and large models.

python -m experiments.benchmark --cases=fit,deep,wide
"""

import concurrent.futures
import dataclasses
import multiprocessing
import platform
import resource
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import lurl_tf
from experiments import shared_flags
from experiments.results import check_writable, write_results
from lurl_tf.models.model_with_rule import PUBLISHED_UNITS
from lurl_tf.structures import RuleConfig

INPUT_SIZE = 196
BATCH_SIZE = 128
REPETITIONS = 3

_CASES = flags.DEFINE_list(
  "cases",
  ["fit", "deep", "wide"],
  "What to time: `fit` (60,000 rows at the published sizes), `deep` (11 layers "
  "of 128 units), `wide` (a hidden layer of 10,000 units).",
)
flags.adopt_module_key_flags(shared_flags)


@dataclasses.dataclass(frozen=True)
class Timing:
  """What one case took.

  Args:
    case: its name.
    what: what was timed.
    compile_seconds: of the first step, with its compilation.
    milliseconds_per_step: of a later step; the best of several repetitions.
    peak_gigabytes: most memory that the process held.
  """

  case: str
  what: str
  compile_seconds: float
  milliseconds_per_step: float
  peak_gigabytes: float


def time_fit(
  rows: int = 60_000,
  rule_config: RuleConfig | None = None,
  units: Sequence[int] = PUBLISHED_UNITS,
) -> list[Timing]:
  """`fit` beside a loop of compiled inner steps on batches of the same shape.

  Args:
    rows: of 196 float32 inputs.
    rule_config: sizes of the rule; default: published.
    units: of the base model.
  """
  rule = lurl_tf.UpdateRule(rule_config, seed=0)
  inputs = np.random.default_rng(0).random((rows, INPUT_SIZE), np.float32)
  model = lurl_tf.LocalRuleModel(units, rule, seed=0)
  model.compile()
  clock = _EpochClock()
  began = time.perf_counter()
  model.fit(inputs[:BATCH_SIZE], verbose=0)
  compile_seconds = time.perf_counter() - began
  model.fit(inputs, epochs=REPETITIONS, verbose=0, callbacks=[clock])
  steps = rows // BATCH_SIZE
  fit = Timing(
    "fit",
    "LocalRuleModel.fit",
    compile_seconds,
    1e3 * min(clock.seconds) / steps,
    _peak_gigabytes(),
  )
  batches = tf.data.Dataset.from_tensor_slices(
    inputs[: steps * BATCH_SIZE].reshape(steps, BATCH_SIZE, INPUT_SIZE)
  )
  bare = _time_inner_steps("fit", units, batches, rule)
  return [dataclasses.replace(bare, what="compiled inner_step"), fit]


def time_deep() -> list[Timing]:
  """A base model of 11 layers."""
  return [_time_inner_steps("deep", (128,) * 10 + (32,), _few_batches(10))]


def time_wide() -> list[Timing]:
  """A base model with a hidden layer of 10,000 units."""
  return [_time_inner_steps("wide", (10_000, 32), _few_batches(2))]


CASES: dict[str, Callable[[], list[Timing]]] = {
  "fit": time_fit,
  "deep": time_deep,
  "wide": time_wide,
}


def run_cases(names: Sequence[str]) -> list[Timing]:
  """Times cases, each in a process of its own, and prints as it goes.

  Args:
    names: of `CASES`.
  """
  timings = []
  for name in names:
    print(f"{name}: running", flush=True)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
      timings += pool.submit(CASES[name]).result()
  return timings


def as_text(timings: Sequence[Timing]) -> str:
  """A table of timings.

  Args:
    timings: of all cases.
  """
  lines = [
    f"{'case':6} {'what':20} {'first step s':>12} {'step ms':>9} {'GB':>6}"
  ]
  lines += [
    f"{t.case:6} {t.what:20} {t.compile_seconds:12.1f} "
    f"{t.milliseconds_per_step:9.1f} {t.peak_gigabytes:6.2f}"
    for t in timings
  ]
  return "\n".join(lines)


class _EpochClock(keras.callbacks.Callback):
  """Seconds of every epoch."""

  def __init__(self):
    super().__init__()
    self.seconds = []

  def on_epoch_begin(self, epoch, logs=None):
    self._began = time.perf_counter()

  def on_epoch_end(self, epoch, logs=None):
    self.seconds.append(time.perf_counter() - self._began)


def _few_batches(count):
  shape = [count, BATCH_SIZE, INPUT_SIZE]
  return tf.data.Dataset.from_tensor_slices(
    np.random.default_rng(0).random(shape, np.float32)
  )


def _time_inner_steps(case, units, batches, rule=None):
  rule = rule or lurl_tf.UpdateRule(seed=0)
  weights = lurl_tf.layers.initial_weights(INPUT_SIZE, units, seed=(0, 0))
  step = tf.function(lurl_tf.inner_step, jit_compile=True)

  def wait():
    return weights[0].bias.numpy()

  began = time.perf_counter()
  weights = step(rule, weights, next(iter(batches)))
  wait()
  compile_seconds = time.perf_counter() - began
  seconds = []
  for _ in range(REPETITIONS):
    began = time.perf_counter()
    for batch in batches:
      weights = step(rule, weights, batch)
    wait()
    seconds.append(time.perf_counter() - began)
  return Timing(
    case,
    f"{len(units)} layers, {max(units)} wide",
    compile_seconds,
    1e3 * min(seconds) / len(batches),
    _peak_gigabytes(),
  )


def _peak_gigabytes():
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  results = shared_flags.RESULTS.value
  unknown = sorted(set(_CASES.value) - set(CASES))
  if unknown or not _CASES.value:
    raise SystemExit(
      f"Error: `--cases` must be of {', '.join(CASES)}. Received: "
      f"--cases={','.join(_CASES.value)}"
    )
  if results:
    check_writable(results)
  timings = run_cases(_CASES.value)
  print(f"\n{platform.processor() or platform.machine()}\n{as_text(timings)}")
  if results:
    write_results(
      results, {"timings": [dataclasses.asdict(t) for t in timings]}
    )
    print(f"\nResults are in {results}")


if __name__ == "__main__":
  app.run(main)
