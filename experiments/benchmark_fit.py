# SPDX-License-Identifier: Apache-2.0
"""Times `LocalRuleModel.fit` beside the bare inner step.

python -m experiments.benchmark_fit
"""

import dataclasses
import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import lurl_tf
from experiments.common import flags as shared_flags
from experiments.common.results import check_writable, write_results
from lurl_tf.meta.strategy import runs_on_processors
from lurl_tf.models.model_with_rule import PUBLISHED_UNITS
from lurl_tf.rule.arithmetic.winograd import winograd_convolutions
from lurl_tf.structures import RuleConfig
from lurl_tf.tables import format_table

INPUT_SIZE, BATCH_SIZE = 196, 128
EPOCHS = 3

_ROWS = flags.DEFINE_integer(
  "rows", 60_000, "Inputs of an epoch.", lower_bound=BATCH_SIZE
)
flags.declare_key_flag("results")


@dataclasses.dataclass(frozen=True)
class FitTiming:
  """Milliseconds of a step; the best of several epochs.

  Args:
    inner_step: of a loop of compiled inner steps.
    fit: of `LocalRuleModel.fit`, on batches of the same shape.
  """

  inner_step: float
  fit: float


def time_fit(
  rows: int,
  rule_config: RuleConfig | None = None,
  units: Sequence[int] = PUBLISHED_UNITS,
  epochs: int = EPOCHS,
) -> FitTiming:
  """`fit` beside a loop of compiled inner steps.

  Args:
    rows: of 196 float32 inputs.
    rule_config: sizes of the rule; default: published.
    units: of the base model.
    epochs: of which the best counts.
  """
  rule = lurl_tf.UpdateRule(rule_config, seed=0)
  inputs = np.random.default_rng(0).random((rows, INPUT_SIZE), np.float32)
  model = lurl_tf.LocalRuleModel(units, rule, seed=0)
  model.compile()
  clock = _EpochClock()
  model.fit(inputs[:BATCH_SIZE], verbose=0)  # compiles
  model.fit(inputs, epochs=epochs, verbose=0, callbacks=[clock])
  steps = rows // BATCH_SIZE
  batches = tf.data.Dataset.from_tensor_slices(
    inputs[: steps * BATCH_SIZE].reshape(steps, BATCH_SIZE, INPUT_SIZE)
  )
  bare = _time_inner_steps(units, batches, rule, epochs)
  return FitTiming(1e3 * bare / steps, 1e3 * min(clock.seconds) / steps)


class _EpochClock(keras.callbacks.Callback):
  """Seconds of every epoch."""

  def __init__(self):
    super().__init__()
    self.seconds = []

  def on_epoch_begin(self, epoch, logs=None):
    self._began = time.perf_counter()

  def on_epoch_end(self, epoch, logs=None):
    self.seconds.append(time.perf_counter() - self._began)


def _time_inner_steps(units, batches, rule, epochs):
  weights = lurl_tf.layers.initial_weights(INPUT_SIZE, units, seed=(0, 0))
  as_fit_does = runs_on_processors(tf.distribute.get_strategy())

  @tf.function(jit_compile=True, autograph=False)
  def step(rule, weights, batch):
    with winograd_convolutions(as_fit_does):
      return lurl_tf.inner_step(rule, weights, batch)

  weights = step(rule, weights, next(iter(batches)))
  seconds = []
  for _ in range(epochs):
    began = time.perf_counter()
    for batch in batches:
      weights = step(rule, weights, batch)
    weights[0].bias.numpy()  # waits
    seconds.append(time.perf_counter() - began)
  return min(seconds)


def main(argv: Sequence[str]) -> None:
  """Runs the script with the flags given."""
  if len(argv) > 1:
    raise app.UsageError(f"Only flags are taken. Received: {argv[1:]}")
  results = shared_flags.RESULTS.value
  try:
    if results:
      check_writable(results)
  except OSError as error:
    raise SystemExit(f"Error: {error}") from error
  timing = time_fit(_ROWS.value)
  print(
    format_table(
      ["what", "step ms"],
      [
        ["compiled inner_step", f"{timing.inner_step:.1f}"],
        ["LocalRuleModel.fit", f"{timing.fit:.1f}"],
      ],
    )
  )
  if results:
    write_results(results, dataclasses.asdict(timing))


if __name__ == "__main__":
  app.run(main)
