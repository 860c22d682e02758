# SPDX-License-Identifier: Apache-2.0
"""Measures bias, variance and cost of the estimators of the meta-gradient.

All estimators see the same inner trainings of one rule, on the same small data
set of rendered letters; they differ only in their perturbations. The exact
gradient is that of full backpropagation.

    python -m experiments.compare_estimators
"""

import dataclasses
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import flags

from experiments.common import flags as shared_flags
from experiments.common import script
from experiments.common.results import check_writable, write_results
from experiments.training import outer_flags
from lurl_tf.meta.estimators import (
  ESTIMATORS,
  EstimatorConfig,
  get_estimator,
  split_seeds,
)
from lurl_tf.meta.inner.flat_parameters import (
  flatten_parameters,
  parameter_mask,
)
from lurl_tf.meta.inner.plain_graphs import plain_graphs
from lurl_tf.meta.inner.state import SlotClock
from lurl_tf.meta.inner.truncated_task import TruncatedTask
from lurl_tf.meta.inner.unroll import MetaParameters, TruncationData
from lurl_tf.meta.inner.unroll_config import UnrollConfig
from lurl_tf.meta.inner.variation import vary_truncation
from lurl_tf.meta.runs.progress import Progress
from lurl_tf.meta.slots.draw import draw_truncation
from lurl_tf.rule import UpdateRule
from lurl_tf.structures import RuleConfig
from lurl_tf.tables import format_table
from lurl_tf.tasks import (
  Bucket,
  DataSource,
  EpisodeConfig,
  TaskDistribution,
  load_samplers,
)
from lurl_tf.tasks.augmentation.config import AugmentationConfig

# Meta-parameters that are compared; evolution strategies perturb only these.
GROUP = ("readout_coeffs", "log_inner_learning_rates")

_TRAININGS = flags.DEFINE_integer(
  "trainings", 100, "Inner trainings per estimator.", lower_bound=2
)
_HORIZON = flags.DEFINE_integer(
  "horizon", 20, "Inner steps of an inner training."
)
_TRUNCATION = flags.DEFINE_integer(
  "truncation", 5, "Inner steps of a truncation."
)
for _name in ("pairs", "perturbation", "seed", "results"):
  flags.declare_key_flag(_name)


class Comparison(NamedTuple):
  """Result of an estimator with mean m, on an exact gradient g.

  Attributes:
    estimator: Name of the estimator.
    bias: Relative distance |m - g| / |g|.
    bias_error: Expected value of `bias` for an unbiased estimator.
    cosine: Cosine of the angle between m and g.
    variance: Mean squared distance of the estimates from m, divided by |g|**2.
    seconds: Seconds per inner training.
    inner_steps: Number of inner steps per inner training and task.
  """

  estimator: str
  bias: float
  bias_error: float
  cosine: float
  variance: float
  seconds: float
  inner_steps: int


class Problem:
  """Repeatable inner trainings of one rule.

  Args:
    horizon: Number of inner steps of a training.
    truncation: Number of inner steps of a truncation.
    slots: Number of tasks.
    seed: Integer seed of the tasks and the rule.
  """

  def __init__(
    self, horizon: int, truncation: int, slots: int = 4, seed: int = 0
  ):
    self.horizon, self.truncation, self.slots = horizon, truncation, slots
    self.rule = RuleConfig(
      hidden_channels=8, delta_channels=4, top_channels=4, mixing="pooled"
    )
    bucket = Bucket(
      (16, 8), image_size=8, episodes=EpisodeConfig(batch_size=32)
    )
    (sampler,) = load_samplers(
      TaskDistribution((DataSource("lurl_glyphs"),), (bucket,)), seed=seed
    )
    self._task = TruncatedTask(
      self.rule,
      UnrollConfig(max_steps=truncation),
      sampler.input_size,
      bucket.units,
    )
    data, variation = draw_truncation(
      sampler, UnrollConfig(max_steps=horizon), "float32", np.zeros(slots), 0
    )
    self._data: TruncationData = vary_truncation(
      data, variation, sampler.image_shape, AugmentationConfig(), False
    )
    self.knots = 2
    self.parameters = flatten_parameters(
      MetaParameters(
        tuple(UpdateRule(self.rule, seed=seed).meta_parameters),
        tf.math.log([0.05] * self.knots),
      )
    )
    self.group = parameter_mask(self.rule, self.knots, GROUP)
    self._weights_seed = tf.constant([seed, 7])

  def estimates(
    self,
    config: EstimatorConfig,
    count: int,
    report: Callable[[int], None] | None = None,
  ) -> tuple[np.ndarray, float]:
    """Estimates the gradient over whole trainings.

    Args:
      config: Config of the estimator.
      count: Number of estimates, which differ in their perturbations.
      report: Callback that is called with the number of finished trainings.

    Returns:
      Estimates `[count, m]` of the compared meta-parameters, and the seconds of
      one training.
    """
    estimator = get_estimator(config, self.rule, self.knots, self.group)
    whole = config.name == "bptt"
    length = self.horizon if whole else self.truncation
    task = dataclasses.replace(
      self._task,
      config=dataclasses.replace(self._task.config, max_steps=length),
    )

    def estimate(state, seed, begin):
      rows = tf.range(length) + begin
      return estimator.estimate(
        task,
        self.parameters,
        state,
        SlotClock(
          tf.fill([self.slots], begin), tf.fill([self.slots], self.horizon)
        ),
        tf.nest.map_structure(lambda each: tf.gather(each, rows), self._data),
        tf.constant(length),
        split_seeds(seed, self.slots),
      )

    compiled = tf.function(estimate, jit_compile=True, autograph=False)
    found, began = [], 0.0
    for training in range(count + 1):
      if training == 1:  # The first training compiles.
        began = time.monotonic()
      state = self._start(estimator, task, training)
      gradients = []
      for number, begin in enumerate(range(0, self.horizon, length)):
        with plain_graphs():
          result = compiled(
            state, tf.constant([training, number]), tf.constant(begin)
          )
        state = result.state
        gradients.append(result.gradients.numpy()[:, self.group])
      found.append(np.mean(gradients, axis=(0, 1)))
      if report is not None and training:
        report(training)
    return np.array(found[1:]), (time.monotonic() - began) / count

  def _start(self, estimator, task, training):
    """Returns the same initial weights for every training, with new seeds."""
    state = estimator.init(task, self._weights_seed, self.slots)
    if hasattr(state, "seeds"):
      own = [[training, slot] for slot in range(self.slots)]
      state = state._replace(seeds=tf.constant(own))
    return state


def compare(
  problem: Problem, config: EstimatorConfig, trainings: int, exact: np.ndarray
) -> Comparison:
  """Compares one estimator with the exact gradient.

  Args:
    problem: Inner trainings.
    config: Config of the estimator.
    trainings: Number of inner trainings.
    exact: Exact gradient `[m]` of the compared meta-parameters.

  Returns:
    Bias, variance and cost of the estimator.
  """
  is_random = config.name not in ("tbptt", "bptt")
  trainings = trainings if is_random else min(trainings, 5)
  print(f"{config.name}  compiling ...", flush=True)
  progress = Progress(trainings, unit="training", label=config.name)
  estimates, seconds = problem.estimates(config, trainings, progress.update)
  mean, length = estimates.mean(axis=0), np.linalg.norm(exact)
  variance = ((estimates - mean) ** 2).sum(axis=1).sum() / (trainings - 1)
  steps = {"tbptt": 1, "bptt": 1, "es": 2 * config.pairs + 1}
  steps["mixture"] = 2 * config.pairs + 1
  return Comparison(
    config.name,
    bias=float(np.linalg.norm(mean - exact) / length),
    bias_error=float(np.sqrt(variance / trainings) / length),
    cosine=float(mean @ exact / np.linalg.norm(mean) / length),
    variance=float(variance / length**2),
    seconds=seconds,
    inner_steps=problem.horizon * steps.get(config.name, 2 * config.pairs),
  )


def main() -> None:
  """Runs the script with the parsed flags."""
  with script.errors_in_one_line():
    if shared_flags.RESULTS.value:
      check_writable(shared_flags.RESULTS.value)
    if _HORIZON.value % _TRUNCATION.value:
      raise ValueError(
        "--horizon must be a multiple of --truncation. Received: "
        f"--horizon={_HORIZON.value} --truncation={_TRUNCATION.value}"
      )
    base = dataclasses.replace(
      outer_flags.estimator_from_flags(), evolved=("log_inner_learning_rates",)
    )
  problem = Problem(
    _HORIZON.value, _TRUNCATION.value, seed=shared_flags.SEED.value
  )
  full = dataclasses.replace(base, name="bptt")
  print("exact gradient  compiling ...", flush=True)
  exact = problem.estimates(full, 1)[0][0]
  rows = [
    compare(
      problem, dataclasses.replace(base, name=name), _TRAININGS.value, exact
    )
    for name in ESTIMATORS
  ]
  headers = (
    "estimator",
    "bias",
    "if unbiased",
    "cosine",
    "variance",
    "s per training",
    "inner steps",
  )
  table = format_table(
    headers,
    [
      [
        row.estimator,
        f"{row.bias:.3f}",
        f"{row.bias_error:.3f}",
        f"{row.cosine:.3f}",
        f"{row.variance:.3g}",
        f"{row.seconds:.3f}",
        row.inner_steps,
      ]
      for row in rows
    ],
  )
  print(
    f"\n{int(problem.group.sum())} meta-parameters ({', '.join(GROUP)}), "
    f"{problem.slots} tasks, {problem.horizon} inner steps in truncations of "
    f"{problem.truncation}, {base.pairs} pairs, perturbation "
    f"{base.perturbation:g}\n{table}"
  )
  if shared_flags.RESULTS.value:
    write_results(
      shared_flags.RESULTS.value,
      {"exact": exact.tolist(), "rows": [row._asdict() for row in rows]},
    )


if __name__ == "__main__":
  script.run(main)
